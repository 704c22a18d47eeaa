import { expect, test } from 'vitest';
import { CrashPoint, type Fate } from './crash-point.ts';

const HELD: Fate = { do: 'halfOpen', at: 'request' };
const tellOf = (fate: Fate): (() => void) => fate.tell ?? (() => expect.fail('nothing to tell'));

function pointAt(write: number, variant: 'afterSend' | 'afterAnswer') {
  let kills = 0;
  const point = new CrashPoint({ write, variant }, () => void kills++);
  return { point, kills: () => kills };
}

test('afterSend: the k-th write is carried out and not answered; the program is dead by then', () => {
  const { point, kills } = pointAt(2, 'afterSend');
  expect(point.decide('a')).toEqual({ do: 'pass' });
  const second = point.decide('b');
  expect(second).toMatchObject({ do: 'halfOpen', at: 'answer' });
  expect(point.decide('c')).toEqual(HELD);
  expect(kills()).toBe(0);
  tellOf(second)();
  expect(kills()).toBe(1);
  expect(point.isDead).toBe(true);
  expect(point.decide('d')).toEqual(HELD);
  expect(point.writes).toEqual(['a', 'b']);
});

test('afterAnswer: the k-th write is answered, and the next one is where it dies', () => {
  const { point, kills } = pointAt(1, 'afterAnswer');
  const first = point.decide('a');
  expect(first.do).toBe('pass');
  expect(point.decide('at the same time')).toEqual(HELD);
  tellOf(first)();
  expect(kills()).toBe(0);
  expect(point.decide('b')).toEqual(HELD);
  expect(kills()).toBe(1);
});

test('afterAnswer: without another write it dies after a moment, once', async () => {
  const { point, kills } = pointAt(1, 'afterAnswer');
  tellOf(point.decide('a'))();
  await point.crashed;
  expect(kills()).toBe(1);
  point.retire();
  expect(point.decide('by the successor')).toEqual({ do: 'pass' });
  expect([point.writes, kills()]).toEqual([['a'], 1]);
});

test('without a crash it only counts; retired, it does nothing', () => {
  const counting = new CrashPoint(null, () => expect.fail('killed'));
  expect([counting.decide('a'), counting.decide('b')]).toEqual([{ do: 'pass' }, { do: 'pass' }]);
  expect(counting.writes).toEqual(['a', 'b']);
  const { point } = pointAt(1, 'afterSend');
  point.retire();
  expect(point.decide('clean-up')).toEqual({ do: 'pass' });
});
