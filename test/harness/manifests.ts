// The objects that tests apply, with the simulator as their upstream.

import type { Account, Simulator } from '../simulator/simulator.ts';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from './operator.ts';

/** In every test the password is this, and must appear nowhere. */
export const PASSWORD = 'c4nary-Passw0rd-9f27';
export const USERNAME = 'api@msp.example';

export abstract class Manifests {
  abstract readonly simulator: Simulator;
  /** The first login of the simulator. */
  abstract readonly upstream: Account;

  /** The RoleBinding with which a namespace lets the operator read its Secrets. */
  credentialsBinding(): object {
    return {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'eset-msp-operator-credentials' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'eset-msp-operator-credentials' },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR_NAME, namespace: OPERATOR_NAMESPACE }],
    };
  }

  secret(name = 'login', data: Readonly<Record<string, string>> = { username: USERNAME, password: PASSWORD }): object {
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: data };
  }

  account(name = 'acme', spec: object = {}, annotations: Readonly<Record<string, string>> = {}): object {
    return {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'MSPAccount',
      metadata: { name, annotations },
      spec: {
        services: ['EMA2'],
        credentials: { secretRef: { name: 'login' } },
        endpoint: this.simulator.url,
        ...spec,
      },
    };
  }

  /** A ProtectInstance of type API on the simulator's lifecycle service. */
  instance(
    name: string,
    service: string,
    spec: object = {},
    annotations: Readonly<Record<string, string>> = {},
  ): object {
    return {
      apiVersion: 'mspoperator.dev/v1alpha1',
      kind: 'ProtectInstance',
      metadata: { name, annotations },
      spec: {
        accountRef: { name: 'acme' },
        service,
        displayName: 'Acme PROTECT',
        region: 'eu',
        lifecycle: { type: 'API', endpoint: `${this.simulator.url}/lifecycle`, secretRef: { name: 'lifecycle' } },
        ...spec,
      },
    };
  }

  /** The Secret with the token of the simulator's lifecycle service. */
  lifecycleSecret(token = this.upstream.lifecycle.token): object {
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'lifecycle' }, stringData: { token } };
  }
}
