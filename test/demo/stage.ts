// What the chapters of the demo play on: the cluster, the simulator, kubectl in a namespace, and the examples of the repository.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ControlPlane } from '../controlplane/client.ts';
import type { SimulatorProcess } from './simulator-process.ts';

export interface Stage {
  readonly cluster: ControlPlane;
  readonly simulator: SimulatorProcess;
}

export type Kubectl = (...args: string[]) => Promise<string>;

/** kubectl in a namespace; a failure is an error with kubectl's message. */
export function kubectlIn({ cluster }: Stage, namespace: string): Kubectl {
  return (...args) => cluster.kubectlOk(args, { namespace });
}

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

/** An example as it is in the repository; only its endpoints are the simulator's. */
export class Example {
  readonly name: string;
  readonly #documents: ReturnType<typeof parseAllDocuments>;

  constructor(name: string) {
    this.name = name;
    this.#documents = parseAllDocuments(readFileSync(join(EXAMPLES, name), 'utf8'));
  }

  /** `stringData` of its n-th Secret. */
  secret(index = 0): Record<string, string> {
    const secrets = this.#documents.filter((document) => document.get('kind') === 'Secret');
    const secret = secrets[index]?.toJS() as { stringData: Record<string, string> } | undefined;
    if (secret === undefined) throw new Error(`${this.name} has no Secret number ${index}`);
    return secret.stringData;
  }

  async apply({ cluster, simulator }: Stage): Promise<void> {
    for (const document of this.#documents) {
      if (document.get('kind') === 'MSPAccount') document.setIn(['spec', 'endpoint'], simulator.url);
      if (document.hasIn(['spec', 'lifecycle', 'endpoint'])) {
        document.setIn(['spec', 'lifecycle', 'endpoint'], `${simulator.url}/lifecycle`);
      }
    }
    await cluster.apply(this.#documents.map(String).join('---\n'));
  }
}
