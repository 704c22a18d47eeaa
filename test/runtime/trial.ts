// A world on a control plane that is killed and made to forget, and what went over the operator's wire meanwhile.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../controlplane/client.ts';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import { busiestSecond, isRead, summary, unanswered } from '../proxy/traffic.ts';
import type { LogEntry } from '../proxy/record.ts';

/** One for each kind, and one for the Secret of the account. */
export const WATCHES = 5;
/** Writes of one account that are under way at a time (apply.ts). */
const WRITERS = 24;
/**
 * Requests without an answer in any second. When the server goes, each writer loses its call; each watch tries again three times
 * in its first second; and there are two looks whether it is back, a status and a Secret.
 */
export const LOST_AT_ONCE = WRITERS + 4 * WATCHES + 6;
/** When it is clear that the server is away: looks half a second apart or more, and watches whose pauses have grown. */
export const LOST_LATER = 3 + 2 * WATCHES;
const CLEAR_AFTER_MS = 1_500;
/** Reads that the server granted, more than without a disturbance: a watch resumes, or expires and begins with the whole; a Secret. */
export const MORE_READS = 4 * WATCHES + 10;

export class Trial {
  readonly world: World;
  readonly cluster: ControlPlane;

  private constructor(cluster: ControlPlane, world: World) {
    this.cluster = cluster;
    this.world = world;
  }

  /** @param companies of one account, always the same ones */
  static async start(cluster: ControlPlane, companies: number): Promise<Trial> {
    const shape = 'msp-manager' as const;
    const world = await World.create({
      cluster,
      proxy: { logSize: 100_000 },
      accounts: [{ username: USERNAME, password: PASSWORD, shape, companies, seed: 'trial' }],
    });
    return new Trial(cluster, world);
  }

  async apply(): Promise<void> {
    const { world } = this;
    await world.apply(world.secret(), world.credentialsBinding(), world.account());
  }

  /** Once the operator has sent so many writes. */
  async written(writes: number): Promise<void> {
    await this.until(`${writes} writes`, () => this.world.proxy.counts().writes >= writes, 60_000, 5);
  }

  async ready(ms: number): Promise<number> {
    return this.until('Ready', async () => isReady(await this.world.get('mspa', 'acme')), ms);
  }

  /** All watches are open, and have been for a moment. */
  async watching(ms = 60_000): Promise<void> {
    const open = (): number => this.world.proxy.exchanges(({ isWatch }) => isWatch).length;
    let since = performance.now();
    await this.until(
      `${WATCHES} open watches`,
      () => {
        if (open() !== WATCHES) since = performance.now();
        return performance.now() - since > 500;
      },
      ms,
    );
  }

  async until(what: string, check: () => boolean | Promise<boolean>, ms: number, pollMs = 50): Promise<number> {
    const from = performance.now();
    while (!(await check())) {
      if (performance.now() - from > ms) {
        const log = (await this.world.operator.log()).split('\n').slice(-40).join('\n');
        throw new Error(`not within ${ms} ms: ${what}\n${summary(this.world.proxy.log())}\n${log}`);
      }
      await sleep(pollMs);
    }
    return performance.now() - from;
  }

  /** On the clock of the proxy's log. */
  now(): number {
    return this.world.proxy.counts().ms;
  }

  /** @param from when the server was lost to the operator */
  traffic(from: number): Traffic {
    const all = this.world.proxy.log();
    const lost = all.filter((entry) => unanswered(entry) && entry.ms !== null);
    const later = lost.filter(({ atMs }) => atMs > from + CLEAR_AFTER_MS);
    return {
      lostAtOnce: busiestSecond(lost),
      lostLater: busiestSecond(later),
      lost: lost.length,
      reads: all.filter((entry) => isRead(entry) && !isRefused(entry) && !unanswered(entry)).length,
      refusedReads: busiestSecond(all.filter((entry) => isRead(entry) && isRefused(entry))),
      refused: all.filter((entry) => !isRead(entry) && isRefused(entry)).length,
      busiest: busiestSecond(all),
      all,
    };
  }

  /** Writes to children that the API server carried out, object by object. */
  async successes(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const { verb, objectRef, responseStatus } of await this.world.writes()) {
      const { resource = '', subresource = '', name = '' } = objectRef ?? {};
      if (!['staticgroups', 'customers'].includes(resource) || (responseStatus?.code ?? 500) >= 300) continue;
      const write = `${verb} ${resource}/${subresource} ${name}`;
      counts.set(write, (counts.get(write) ?? 0) + 1);
    }
    return counts;
  }

  /** The sum of a metric's series whose name and labels match. */
  async metric(series: RegExp): Promise<number> {
    const lines = (await this.world.operator.metrics()).matchAll(new RegExp(`^(?:${series.source}) (\\d+)$`, 'gm'));
    return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
  }
}

export interface Traffic {
  readonly lostAtOnce: number;
  readonly lostLater: number;
  readonly lost: number;
  /** That were granted. */
  readonly reads: number;
  /** In any second: a server that has just come up turns them away until it is set up. */
  readonly refusedReads: number;
  /** Writes that the API server refused. */
  readonly refused: number;
  readonly busiest: number;
  readonly all: readonly LogEntry[];
}

export function tell(what: string, { all, ...numbers }: Traffic, more: string): void {
  console.log(`${what}: ${more}; ${JSON.stringify(numbers)}\n  ${summary(all)}`);
}

const isRefused = ({ status }: LogEntry): boolean => (status ?? 0) >= 400;

function isReady(account: Thing): boolean {
  const { metadata, status } = account;
  return conditionOf(account, 'Ready')?.status === 'True' && status?.observedGeneration === metadata.generation;
}
