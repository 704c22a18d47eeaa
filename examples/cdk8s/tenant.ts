// One login in a namespace of its own: what examples/managed-msp.yaml has in YAML. The Secret is not made here, so that no login lands
// in the output: it comes from whatever keeps your secrets.

import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { ClusterRole, Group, Namespace, RoleBinding, ServiceAccount } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { Customer, MSPAccount, type CustomerSpec, type MSPAccountSpec } from './mspoperator.ts';

const OPERATOR = 'eset-msp-operator';

export interface TenantProps {
  /** Secret with the keys username and password, in the namespace of the tenant. */
  readonly secretName: string;
  readonly services?: MSPAccountSpec['services'];
  readonly sync?: NonNullable<MSPAccountSpec['sync']>;
  /** Group of people who manage what is in the namespace. */
  readonly people?: string;
}

export class Tenant extends Chart {
  readonly account: MSPAccount;

  constructor(scope: Construct, name: string, props: TenantProps) {
    const namespace = `${name}-msp`;
    super(scope, name, { namespace, disableResourceNameHashes: true });
    const own = new Namespace(this, 'namespace', { metadata: { name: namespace } });
    // A Namespace lies in none.
    ApiObject.of(own).addJsonPatch(JsonPatch.remove('/metadata/namespace'));

    const credentials = ClusterRole.fromClusterRoleName(this, 'credentials', `${OPERATOR}-credentials`);
    const operator = ServiceAccount.fromServiceAccountName(this, 'operator', OPERATOR, { namespaceName: OPERATOR });
    new RoleBinding(this, 'read-login', {
      metadata: { name: `${OPERATOR}-credentials` },
      role: credentials,
    }).addSubjects(operator);

    if (props.people !== undefined) {
      new RoleBinding(this, 'people', {
        metadata: { name: `${name}-people` },
        role: ClusterRole.fromClusterRoleName(this, 'edit', 'edit'),
      }).addSubjects(Group.fromName(this, 'group', props.people));
    }

    this.account = new MSPAccount(this, 'account', {
      metadata: { name },
      spec: {
        services: props.services ?? ['EMA2'],
        credentials: { secretRef: { name: props.secretName } },
        ...(props.sync === undefined ? {} : { sync: props.sync }),
      },
    });
  }

  /** The setup of a customer, by the id of its company. */
  customer(name: string, companyID: string, setup: NonNullable<CustomerSpec['setup']>): Customer {
    return new Customer(this, name, {
      metadata: { name },
      spec: { accountRef: { name: this.account.name }, companyID, setup },
    });
  }
}
