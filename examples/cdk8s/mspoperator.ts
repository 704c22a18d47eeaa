// Generated from operator/api by `make generate`; do not edit.

import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

/**
 * MSPAccount is a login to ESET MSP Administrator 2 (or ESET Business Account, or both: a mixed account). The operator
 * reads the company tree of this login and mirrors it into StaticGroups and Customers in the same namespace.
 */
export class MSPAccount extends ApiObject {
  constructor(scope: Construct, id: string, props: MSPAccountProps) {
    super(scope, id, { apiVersion: 'mspoperator.dev/v1alpha1', kind: 'MSPAccount', ...props });
  }
}

export interface MSPAccountProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: MSPAccountSpec;
}

export interface MSPAccountSpec {
  /**
   * The portals that this login belongs to. EMA2 and EBA together are a mixed account. Only EMA2 has a tree to read.
   */
  readonly services: readonly ('EMA2' | 'EBA' | 'Hub')[];
  /** The login. */
  readonly credentials: {
    /** A Secret with the keys username and password. One line end after a value is left out. */
    readonly secretRef: {
      /** Name of the Secret, in the namespace of the account. */
      readonly name: string;
    };
  };
  /**
   * Base address of the EMA 2 API, https://host[:port]; the host must be on the operator's allow-list
   * (--upstream-hosts). Default https://mspapi.eset.com.
   */
  readonly endpoint?: string;
  /** How the tree is synchronized. */
  readonly sync?: {
    /** Time between two syncs, such as 24h or 90m, with some jitter; 1m to 720h. Default 24h, as ESET PROTECT does. */
    readonly interval?: string;
    /** Apply: write StaticGroups and Customers. Observe: plan and report, write no child. Default Apply. */
    readonly mode?: 'Apply' | 'Observe';
    /**
     * How many companies may be unlinked within 24 hours; the smaller of the two counts. More: none is, until you
     * approve.
     */
    readonly unlinkLimit?: {
      /** At most this part of the linked companies, but always one. Default 10. */
      readonly percent?: number;
      /** At most this many companies; 0 stops every unlink until you approve it. Default 50. */
      readonly count?: number;
    };
    /** ESET PROTECT refuses distributor logins; Allow mirrors them all the same. Default Refuse. */
    readonly distributor?: 'Refuse' | 'Allow';
  };
  /** What happens to new customers. */
  readonly newCustomers?: {
    /** Skip: skip the setup of all customers that are not set up and say nothing of their own. Default Pending. */
    readonly setup?: 'Pending' | 'Skip';
  };
  /**
   * What becomes of the children when this account is deleted. Unlink: they stay and show as unlinked. Delete: they are
   * deleted. Orphan: they stay, Linked=Unknown. Default Unlink.
   */
  readonly deletionPolicy?: 'Unlink' | 'Delete' | 'Orphan';
  /** true stops syncing; what is there stays as it is. Default false. */
  readonly suspend?: boolean;
}

/**
 * Customer is one managed customer of an account, with PROTECT's three statuses. The operator creates one for every
 * customer company; one that you create with the same account and company id, under any name, is adopted. The label
 * mspoperator.dev/account names its account.
 */
export class Customer extends ApiObject {
  constructor(scope: Construct, id: string, props: CustomerProps) {
    super(scope, id, { apiVersion: 'mspoperator.dev/v1alpha1', kind: 'Customer', ...props });
  }
}

export interface CustomerProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: CustomerSpec;
}

export interface CustomerSpec {
  /** The MSPAccount that this object belongs to; same namespace. */
  readonly accountRef: {
    /** Name of the MSPAccount. */
    readonly name: string;
  };
  /** Public id (GUID) of the company in EMA 2; upper and lower case mean the same. */
  readonly companyID: string;
  /** What you want of the setup of this customer. The operator never writes this field. */
  readonly setup?: {
    /**
     * Pending: still to be set up. Skip: show as set up without a user and an installer. Configured: the setup was done
     * in ESET PROTECT. Left out: what the account says for new customers.
     */
    readonly mode?: 'Pending' | 'Skip' | 'Configured';
  };
}

/**
 * ProtectInstance is an ESET PROTECT instance of an account, seen through one of its services. In a mixed account there
 * is one instance, opened from both services, and only the service that created it may remove it: a deletion of this
 * object that would do otherwise is held, and says why in the condition Removal.
 */
export class ProtectInstance extends ApiObject {
  constructor(scope: Construct, id: string, props: ProtectInstanceProps) {
    super(scope, id, { apiVersion: 'mspoperator.dev/v1alpha1', kind: 'ProtectInstance', ...props });
  }
}

export interface ProtectInstanceProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: ProtectInstanceSpec;
}

export interface ProtectInstanceSpec {
  /** The MSPAccount that this object belongs to; same namespace. */
  readonly accountRef: {
    /** Name of the MSPAccount. */
    readonly name: string;
  };
  /** The service that this object acts through; one of the services of the account. */
  readonly service: 'EMA2' | 'EBA' | 'Hub';
  /** Name of the instance for people. */
  readonly displayName: string;
  /** Data centre: eu, de, us, ca or jp. It cannot be changed later. */
  readonly region: 'eu' | 'de' | 'us' | 'ca' | 'jp';
  /** How the instance is created and removed. */
  readonly lifecycle: {
    /**
     * Portal: a person acts in the portal, this object records and protects; ESET has no public API for instances. API:
     * an HTTP service that implements docs/lifecycle-api.yaml.
     */
    readonly type: 'Portal' | 'API';
    /**
     * API: base address of the lifecycle service, https://host[:port][/path]; the host must be on the operator's
     * allow-list (--lifecycle-hosts).
     */
    readonly endpoint?: string;
    /** API: a Secret with the key token, the lifecycle service's own credentials; never ESET's password. */
    readonly secretRef?: {
      /** Name of the Secret, in the namespace of this object. */
      readonly name: string;
    };
  };
  /**
   * Portal: a name of the instance that people recognize, such as the host of its console. API: left out to create one,
   * or the id of one to adopt.
   */
  readonly instanceID?: string;
  /** Portal: the service that created the instance, as the portal says. API: left out, upstream says it. */
  readonly creatingService?: 'EMA2' | 'EBA' | 'Hub';
  /**
   * What the deletion of this object means. Delete: remove the instance, once everything that protects it is satisfied.
   * Orphan: let go of the object, leave the instance. Default Delete.
   */
  readonly deletionPolicy?: 'Delete' | 'Orphan';
  /** true stops creation; never what protects an instance. Default false. */
  readonly suspend?: boolean;
}
