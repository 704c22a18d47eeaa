// A bad day on the wire, by chance: what random suites put between the operator and the API server. Everything here may happen to
// a client that is to be trusted; left out is what it cannot know of, such as an event that is missing in a whole stream.

import type { Action } from './action.ts';
import { PASS } from './action.ts';
import type { ProxyOptions } from './proxy.ts';
import type { ProxyRequest } from './request.ts';
import type { Rule } from './rules.ts';

export interface Weather {
  /** Of the calls, this part meets something. */
  readonly calls: number;
  /** Of the watches. */
  readonly watches: number;
}

export const BAD_DAY: Weather = { calls: 0.04, watches: 0.25 };

/** Frozen requests go on this often: `releaseEveryMs` of the proxy. */
export const THAW_MS = 1_500;

/** Nothing that hangs for longer: an operator that is patient for half a minute would make every walk as slow. */
const HANG_MS = 3_000;

/**
 * @param onStrike told of each request that meets something. @param isOn false: it is fine weather
 */
export function weather(
  { calls, watches }: Weather,
  onStrike: (request: ProxyRequest, action: Action) => void = () => {},
  isOn: () => boolean = () => true,
): Rule {
  return (request, random) => {
    // Asked once, at the start: without an answer the process ends, and whoever runs it starts it again.
    if (!isOn() || request.resource === 'selfsubjectreviews') return null;
    if (random() >= (request.isWatch ? watches : calls)) return null;
    const action = request.isWatch ? onWatch(random) : request.isWrite ? onWrite(random) : onRead(random);
    onStrike(request, action);
    return action;
  };
}

/** A proxy's options for one from the first to the last request. */
export function badDay(
  seed: string,
  onStrike: (request: ProxyRequest, action: Action) => void = () => {},
): Pick<ProxyOptions, 'seed' | 'rules' | 'releaseEveryMs'> {
  return { seed, rules: [weather(BAD_DAY, onStrike)], releaseEveryMs: THAW_MS };
}

function onWatch(random: () => number): Action {
  const byte = below(random, 20_000);
  return pick(random, [
    { do: 'cut', at: 'request' },
    { do: 'cut', at: 'answer' },
    { do: 'cut', at: { byte } },
    { do: 'cut', at: { byte: below(random, 300) } },
    { do: 'halfOpen', at: 'answer', ms: HANG_MS },
    { do: 'halfOpen', at: { byte }, ms: HANG_MS },
    { do: 'spoilEvent', line: 1 + below(random, 10), how: 'truncate' },
    { do: 'throttle', bytesPerSecond: 20_000 + below(random, 60_000) },
    { do: 'delay', ms: below(random, 1_000) },
    ...REFUSALS,
  ]);
}

function onWrite(random: () => number): Action {
  return pick(random, [
    ...onAny(random),
    { do: 'status', code: 503, forward: true },
    { do: 'status', code: 504, forward: true },
    { do: 'freeze', at: 'answer' },
  ]);
}

/** No answer is held back: it would be old news by the time it comes, and suites that judge by time could not tell. */
function onRead(random: () => number): Action {
  return pick(random, onAny(random));
}

function onAny(random: () => number): readonly Action[] {
  return [
    { do: 'delay', ms: below(random, 400) },
    { do: 'freeze', at: 'request' },
    { do: 'cut', at: 'request' },
    { do: 'cut', at: 'answer' },
    { do: 'cut', at: { byte: below(random, 1_500) } },
    { do: 'halfOpen', at: pick(random, ['request', 'answer'] as const), ms: HANG_MS },
    ...REFUSALS,
  ];
}

const REFUSALS: readonly Action[] = [
  { do: 'status', code: 429, retryAfterSeconds: 1 },
  { do: 'status', code: 429 },
  { do: 'status', code: 500 },
  { do: 'status', code: 503 },
  { do: 'status', code: 503, retryAfterSeconds: 1 },
];

function below(random: () => number, n: number): number {
  return Math.floor(random() * n);
}

function pick<T extends Action | string>(random: () => number, choices: readonly T[]): T {
  return choices[below(random, choices.length)] ?? (PASS as T);
}
