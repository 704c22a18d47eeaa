// The log of a running operator: one JSON object for each line, the words of one vocabulary, and the id of its pass on every line of a
// controller, so that the lines of one pass can be put together.

import { expect, test } from 'vitest';
import { World } from '../harness/world.ts';

/** Every field that a line may have. */
const WORDS = new Set([
  'level',
  'time',
  'msg',
  'err',
  'health',
  'metrics',
  'user',
  'controller',
  'key',
  'reconcileID',
  'why',
  'result',
  'changes',
  'seconds',
  'waitedSeconds',
]);

test('each line is JSON in one vocabulary, and those of a pass belong together', async () => {
  const world = await World.create();
  try {
    await world.synchronized();
    await world.apply(world.account('broken', { credentials: { secretRef: { name: 'none' } } }));
    await world.untilReason('broken', 'SecretNotFound');
    const text = await world.operator.log();
    const lines = text
      .slice(0, text.lastIndexOf('\n'))
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines) {
      expect(line).toMatchObject({ level: expect.any(Number), time: expect.anything(), msg: expect.any(String) });
    }
    const passes = lines.filter(({ controller }) => controller !== undefined && typeof controller === 'string');
    expect(passes.length).toBeGreaterThan(2);
    const byID = Map.groupBy(passes, ({ reconcileID }) => reconcileID);
    expect([...byID.keys()].every((id) => typeof id === 'string' && id !== '')).toBe(true);
    for (const [, pass] of byID) {
      expect(new Set(pass.map(({ controller, key }) => `${String(controller)} ${String(key)}`)).size).toBe(1);
    }
    const unknown = lines.flatMap((line) => Object.keys(line)).filter((word) => !WORDS.has(word));
    expect([...new Set(unknown)].sort()).toEqual([]);
  } finally {
    await world.end();
  }
});
