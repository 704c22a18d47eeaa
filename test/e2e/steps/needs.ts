// What the examples need to be applied as they are: the logins that they name, and the hosts that they expect upstream.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../places.ts';

export interface Login {
  /** The account that uses it. */
  readonly namespace: string;
  readonly account: string;
  readonly username: string;
  readonly password: string;
  readonly services: readonly string[];
  readonly lifecycleToken?: string;
}

export interface ExampleFile {
  readonly name: string;
  readonly text: string;
  readonly objects: readonly ExampleObject[];
}

export interface Needs {
  /** The first has the simulator's demonstration as its tree. */
  readonly logins: readonly Login[];
  /** Of accounts, and of lifecycle services. */
  readonly upstreamHosts: readonly string[];
  readonly lifecycleHosts: readonly string[];
}

export interface ExampleObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly services?: readonly string[];
    readonly endpoint?: string;
    readonly credentials?: { readonly secretRef: { readonly name: string } };
    readonly accountRef?: { readonly name: string };
    readonly lifecycle?: { readonly endpoint?: string; readonly secretRef?: { readonly name: string } };
  };
}

/** Those that set namespaces up and go together, in this order. The others change one of them for a task. */
const SET_UPS = ['msp-manager.yaml', 'instance-in-portal.yaml', 'mixed-account.yaml', 'managed-msp.yaml'];
const DEFAULT_HOST = 'mspapi.eset.com';

export function readExamples(): ExampleFile[] {
  return SET_UPS.map((name) => {
    const text = readFileSync(join(ROOT, 'examples', name), 'utf8');
    return { name, text, objects: parseAllDocuments(text).map((document) => document.toJS() as ExampleObject) };
  });
}

export function needsOf(examples: readonly ExampleFile[]): Needs {
  const objects = examples.flatMap((example) => example.objects);
  const secret = (namespace: string | undefined, name: string | undefined): Readonly<Record<string, string>> =>
    objects.find(
      ({ kind, metadata }) => kind === 'Secret' && metadata.name === name && metadata.namespace === namespace,
    )?.stringData ?? {};
  const host = (endpoint: string | undefined): string[] => (endpoint === undefined ? [] : [new URL(endpoint).host]);

  const instances = objects.filter(({ kind }) => kind === 'ProtectInstance');
  const accounts = objects.filter(({ kind }) => kind === 'MSPAccount');
  const logins = new Map<string, Login>();
  for (const { metadata, spec } of accounts) {
    const { username = '', password = '' } = secret(metadata.namespace, spec?.credentials?.secretRef.name);
    const own = instances.find(
      (instance) =>
        instance.metadata.namespace === metadata.namespace &&
        instance.spec?.accountRef?.name === metadata.name &&
        instance.spec.lifecycle?.secretRef !== undefined,
    );
    const { token } = secret(metadata.namespace, own?.spec?.lifecycle?.secretRef?.name);
    logins.set(username, {
      namespace: metadata.namespace ?? '',
      account: metadata.name,
      username,
      password,
      services: spec?.services ?? [],
      ...(token === undefined ? {} : { lifecycleToken: token }),
    });
  }
  const unique = (all: readonly string[]): string[] => [...new Set(all)];
  return {
    logins: [...logins.values()],
    upstreamHosts: unique([DEFAULT_HOST, ...accounts.flatMap(({ spec }) => host(spec?.endpoint))]),
    lifecycleHosts: unique(instances.flatMap(({ spec }) => host(spec?.lifecycle?.endpoint))),
  };
}

/** All names without their ports. */
export function namesOf({ upstreamHosts, lifecycleHosts }: Needs): string[] {
  return [...new Set([...upstreamHosts, ...lifecycleHosts].map((host) => host.replace(/:\d+$/, '')))];
}
