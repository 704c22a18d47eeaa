// Promise 9, isolated: a bad account (401, hanging socket, huge body, HTML, slow bytes, redirect) delays no other account.
// Injected: next to 50 healthy accounts, 55 bad ones, of them more hanging than the operator lets in at once. Every answer of
// upstream takes 300 ms, so that the pace is set by waiting and not by the speed of this machine. What is compared is the time from
// a person's request to the end of the sync, so that waiting for a worker counts, with and without the bad ones, in one run.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MSP_ACCOUNTS } from '../../operator/controllers/mspaccount/account.ts';
import type { FaultEffect } from '../simulator/faults.ts';
import { conditionOf, PASSWORD, World, type Thing } from '../harness/world.ts';

const HEALTHY = names('healthy', 50);
const ROUNDS = 3;

interface BadKind {
  readonly fault: FaultEffect;
  readonly count: number;
  readonly reason: string;
}

const BAD: Readonly<Record<string, BadKind>> = {
  hanging: { fault: { kind: 'hang' }, count: 40, reason: 'UpstreamTimeout' },
  slow: { fault: { kind: 'slow', bytes: 1, everyMs: 1000 }, count: 3, reason: 'UpstreamTimeout' },
  huge: { fault: { kind: 'huge', megabytes: 64 }, count: 3, reason: 'UpstreamInvalid' },
  moved: {
    fault: { kind: 'status', status: 302, location: 'https://eset.example/' },
    count: 3,
    reason: 'UpstreamMoved',
  },
  html: { fault: { kind: 'html' }, count: 3, reason: 'UpstreamInvalid' },
  refused: { fault: { kind: 'status', status: 401 }, count: 3, reason: 'LoginRefused' },
};
const bad = Object.entries(BAD).flatMap(([kind, { count }]) => names(kind, count));

let world: World;

beforeAll(async () => {
  const shape = { shape: 'msp-manager', companies: 25 } as const;
  world = await World.create({
    accounts: [...HEALTHY, ...bad].map((username) => ({ username, password: PASSWORD, seed: username, ...shape })),
  });
  world.simulator.faults.add({ kind: 'delay', ms: 300 });
  await world.apply(world.credentialsBinding());
  await declare(HEALTHY);
  await untilEach(HEALTHY, (account) => conditionOf(account, 'Ready')?.status === 'True', 60_000);
});

afterAll(async () => {
  world.simulator.faults.clear();
  // At once and without kubectl, whose own rate limit makes it take minutes.
  const { namespace } = world;
  await Promise.all([...HEALTHY, ...bad].map((name) => world.admin.delete(MSP_ACCOUNTS, { namespace, name })));
  while ((await accountsOf()).length > 0) await sleep(200);
  await world.end();
}, 120_000);

describe('Isolated', () => {
  test('the sync times of 50 healthy accounts stay within 20 % next to bad ones', async () => {
    const alone: number[] = [];
    for (let round = 0; round < ROUNDS; round++) alone.push(...(await syncAll(HEALTHY)));

    for (const [kind, { fault, count }] of Object.entries(BAD)) {
      for (const account of names(kind, count)) world.simulator.faults.add({ ...fault, account });
    }
    await declare(bad);
    await sleep(3000);
    const beside: number[] = [];
    for (let round = 0; round < ROUNDS; round++) beside.push(...(await syncAll(HEALTHY)));
    const ratio = { median: at(beside, 0.5) / at(alone, 0.5), p90: at(beside, 0.9) / at(alone, 0.9) };
    console.log(
      `sync of a healthy account: median ${at(alone, 0.5)} ms alone, ${at(beside, 0.5)} ms beside ${bad.length} bad ones ` +
        `(${ratio.median.toFixed(2)}); 90th percentile ${at(alone, 0.9)} and ${at(beside, 0.9)} ms (${ratio.p90.toFixed(2)})`,
    );
    expect(ratio.median).toBeLessThan(1.2);
    expect(ratio.p90).toBeLessThan(1.2);
  });

  test('each bad account says what is wrong with it, and none starves', async () => {
    await untilEach(
      bad,
      (account) => conditionOf(account, 'Ready')?.reason === BAD[kindOf(account.metadata.name)]?.reason,
      120_000,
    );
  }, 180_000);

  test('an upstream that does not answer is asked one question per attempt', () => {
    const { operations } = world.simulator.counts().accounts['hanging-0'] ?? {};
    const asked = Object.keys(operations ?? {});
    expect(asked).toEqual(['Token/Get']);
  });
});

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}

function kindOf(name: string): string {
  return name.split('-')[0] ?? '';
}

async function declare(accounts: readonly string[]): Promise<void> {
  await world.apply(
    ...accounts.flatMap((name) => [
      world.secret(name, { username: name, password: PASSWORD }),
      world.account(name, { credentials: { secretRef: { name } } }),
    ]),
  );
}

/** Asks for a sync of each. Out: when each was asked for, ms since the epoch, by key. */
async function request(accounts: readonly string[], value: string): Promise<Map<string, number>> {
  const { namespace } = world;
  const patch = { metadata: { annotations: { 'mspoperator.dev/requestedAt': value } } };
  const asked = new Map<string, number>();
  await Promise.all(
    accounts.map(async (name) => {
      await world.admin.patch(MSP_ACCOUNTS, { namespace, name }, patch);
      asked.set(`${namespace}/${name}`, Date.now());
    }),
  );
  return asked;
}

/** Asks all for a sync and waits for its end. Out: how long each took from the request on, ms. */
async function syncAll(accounts: readonly string[]): Promise<number[]> {
  const value = `round-${Date.now()}`;
  const before = (await world.operator.lines()).length;
  const asked = await request(accounts, value);
  await untilEach(accounts, ({ status }) => status.lastHandledRequestedAt === value, 60_000);
  // The line comes just after the write of the status.
  for (;;) {
    const lines = (await world.operator.lines()).slice(before);
    const times = lines.flatMap(({ msg, key, time }) => {
      const start = asked.get(String(key));
      return msg !== 'sync ended' || start === undefined ? [] : [Date.parse(String(time)) - start];
    });
    if (times.length >= accounts.length) return times;
    await sleep(100);
  }
}

async function untilEach(
  accounts: readonly string[],
  wanted: (account: Thing) => boolean,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = (await accountsOf()).filter(({ metadata }) => accounts.includes(metadata.name));
    const open = left.filter((account) => !wanted(account));
    if (left.length === accounts.length && open.length === 0) return;
    if (Date.now() > deadline) {
      const first = open.slice(0, 3).map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status)}`);
      throw new Error(`${open.length} accounts did not become as wanted, such as\n${first.join('\n')}`);
    }
    await sleep(200);
  }
}

async function accountsOf(): Promise<Thing[]> {
  const all: Thing[] = [];
  const pages = world.admin.list(MSP_ACCOUNTS, { namespace: world.namespace });
  for await (const { items } of pages) all.push(...(items as unknown as Thing[]));
  return all;
}

function at(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN;
}
