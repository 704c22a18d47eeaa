// Calls that go on while a test changes what is under them, and what the transport counted of them.

import { setTimeout as sleep } from 'node:timers/promises';
import { CONFIG_MAPS, clientFor, type TestClient } from '../../operator/runtime/cluster-testing.ts';
import type { Connection } from '../../operator/runtime/connection.ts';
import { eventually, realDeps } from '../../operator/runtime/testing.ts';

export const LANES = 8;
const PAUSE_MS = 10;

export interface Load {
  readonly calls: number;
  readonly failures: readonly unknown[];
  /** Answers with this status, or `<error>`, that the transport saw; all of them without one. */
  answers(code?: string): Promise<number>;
  /** Resolves when so many more calls have come to their end. */
  pass(calls: number): Promise<void>;
  stop(): Promise<void>;
}

/** Reads and writes of one object of each of some lanes, one after the other in each. */
export function startLoad(connection: Connection, namespace: string): Load {
  const deps = realDeps();
  const test = clientFor(connection, deps);
  const failures: unknown[] = [];
  let calls = 0;
  const over = new AbortController();
  const lane = async (number: number): Promise<void> => {
    const key = { namespace, name: `lane-${number}` };
    for (let turn = 0; !over.signal.aborted; turn++) {
      try {
        if (turn % 2 === 0) await test.client.get(CONFIG_MAPS, key);
        else await test.client.patch(CONFIG_MAPS, key, { data: { turn: String(turn) } });
      } catch (error) {
        failures.push(error);
      }
      calls++;
      await sleep(PAUSE_MS);
    }
  };
  const lanes = Array.from({ length: LANES }, (_, number) => lane(number));
  return {
    get calls() {
      return calls;
    },
    failures,
    answers: async (code) => {
      const metric = await deps.metrics.registry.getSingleMetric('rest_client_requests_total')?.get();
      const values = metric?.values.filter(({ labels }) => code === undefined || labels['code'] === code) ?? [];
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    pass: async (more) => {
      const wanted = calls + more;
      await eventually(() => calls >= wanted, `${more} more calls`, 30_000);
    },
    stop: async () => {
      over.abort();
      await Promise.all(lanes);
      await test.close();
    },
  };
}

/** The objects that a load works on. */
export async function prepareLoad({ client }: TestClient, namespace: string): Promise<void> {
  const names = Array.from({ length: LANES }, (_, number) => `lane-${number}`);
  await Promise.all(names.map((name) => client.create(CONFIG_MAPS, namespace, { metadata: { name } })));
}
