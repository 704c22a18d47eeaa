// Work for the operator while its pods come and go: customers are renamed upstream, and a sync is asked for after each.

import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../until.ts';
import type { Login } from './needs.ts';
import { post } from './simulator.ts';
import { kubectl, type Stage } from './stage.ts';

const PAUSE_MS = 1_500;

export interface Traffic {
  stop(): void;
  /** Stops, and waits until the last rename has arrived. @returns the number of renames */
  settle(): Promise<number>;
}

export async function startTraffic(stage: Stage, login: Login): Promise<Traffic> {
  const { namespace, account, username } = login;
  const get = (resource: string, path: string): Promise<string> =>
    kubectl(stage, ['get', resource, '-o', `jsonpath=${path}`], { namespace });
  const ids = (await get('customers', '{.items[*].spec.companyID}')).split(' ');
  const stopped = new AbortController();
  let renames = 0;
  let last = { id: '', name: '' };
  const change = async (): Promise<void> => {
    last = { id: ids[renames % ids.length] ?? '', name: `Renamed ${renames}` };
    await post(stage, '/tree/rename', { account: username, ...last });
    renames++;
    const asked = `mspoperator.dev/requestedAt=traffic-${renames}`;
    await kubectl(stage, ['annotate', 'mspaccount', account, '--overwrite', asked], { namespace });
  };
  const arrived = (): Promise<boolean> =>
    until(`the rename to "${last.name}" arrives`, 60_000, async () => {
      const selector = `--field-selector=spec.companyID=${last.id}`;
      const path = 'jsonpath={.items[*].spec.displayName}';
      const shown = await kubectl(stage, ['get', 'staticgroups', selector, '-o', path], { namespace });
      return shown === last.name;
    });
  // The one that leads now writes before anything happens to it, and the one that leads at the end after all has happened.
  await change();
  await arrived();
  const work = (async () => {
    while (!stopped.signal.aborted) {
      await change();
      await sleep(PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => {});
    }
  })();
  // Looked at by settle().
  work.catch(() => {});
  return {
    stop: () => stopped.abort(),
    settle: async () => {
      stopped.abort();
      await work;
      await change();
      await arrived();
      return renames;
    },
  };
}
