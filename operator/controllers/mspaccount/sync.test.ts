import { expect, test } from 'vitest';
import type { Ema2ClientOptions, LoginGate } from '../../upstream/client.ts';
import { viewAccount } from './account.ts';
import type { AccountDeps } from './deps.ts';
import { connectUpstream } from './sync.ts';
import type { Turn } from './turn.ts';

test('every answer of upstream counts as one for the turn of the sync, and nothing else does', () => {
  let options: Partial<Ema2ClientOptions> = {};
  const deps = {
    upstream: {
      connect: (given: Ema2ClientOptions) => {
        options = given;
      },
    },
    metrics: { upstreamRequest: () => {} },
  } as unknown as AccountDeps;
  const account = viewAccount({
    metadata: { name: 'acme', namespace: 'ns' },
    spec: { services: ['EMA2'], credentials: { secretRef: { name: 'login' } } },
  });
  let heard = 0;
  const turn = { heard: () => heard++ } as unknown as Turn;
  const login = { kind: 'ok', username: 'u', password: 'p', resourceVersion: '1' } as const;
  connectUpstream(deps, account, login, { gate: {} as LoginGate, turn, probe: true });
  expect(options.probe).toBe(true);
  const counted = ['200', '404', '500', 'Timeout', 'TooLarge', 'ConnectionFailed', 'Aborted'].filter((code) => {
    const before = heard;
    options.onRequest?.({ operation: 'Company/Children', code, seconds: 1 });
    return heard > before;
  });
  expect(counted).toEqual(['200', '404', '500']);
});
