// The probes over real HTTP.
import { request } from 'undici';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './metrics.ts';
import { parseAddress, serveMetrics, serveProbes, type Listening } from './probes.ts';
import { ManualClock } from './testing.ts';

async function ask(listening: Listening, path: string, method: 'GET' | 'POST' = 'GET'): Promise<[number, string]> {
  const response = await request(`http://127.0.0.1:${listening.address?.port}${path}`, { method, reset: true });
  return [response.statusCode, await response.body.text()];
}

describe('probes', () => {
  it('tell ready when all checks pass, and live while the loop beats', async () => {
    const clock = new ManualClock();
    let filled = false;
    const ready = { caches: () => (filled ? null : 'not filled yet') };
    const probes = await serveProbes({ address: '127.0.0.1:0', clock, ready, heartbeatMaxAgeMs: 5_000 });
    try {
      expect(await ask(probes, '/readyz')).toEqual([503, '[-] caches: not filled yet\n']);
      filled = true;
      expect((await ask(probes, '/readyz'))[0]).toBe(200);
      await clock.advance(60_000);
      expect((await ask(probes, '/healthz'))[0]).toBe(200);
      // Time goes by without the loop getting to its heartbeat.
      const now = clock.monotonic() + 6_000;
      clock.monotonic = () => now;
      expect(await ask(probes, '/healthz')).toEqual([503, '[-] event-loop: stuck for 6 s\n']);
      expect((await ask(probes, '/metrics'))[0]).toBe(404);
      expect((await ask(probes, '/healthz', 'POST'))[0]).toBe(405);
    } finally {
      await probes.close();
    }
    expect(clock.pending).toBe(0);
  });

  it('metrics hold the process and the lag of the loop', async () => {
    const metrics = createRegistry({ prefix: 'x_' });
    const listening = await serveMetrics({ address: '127.0.0.1:0', metrics });
    const [status, text] = await ask(listening, '/metrics');
    await listening.close();
    expect(status).toBe(200);
    expect(text).toMatch(/^x_event_loop_lag_seconds \d/m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
  });

  it('can be switched off', async () => {
    const listening = await serveMetrics({ address: '0', metrics: createRegistry({ processMetrics: false }) });
    expect(listening.address).toBeNull();
    await listening.close();
  });
});

it('addresses', () => {
  expect(parseAddress(':8080')).toEqual({ host: '', port: 8080 });
  expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
  for (const bad of ['8080', 'host', '::1:80', 'a:70000', 'a:'])
    expect(() => parseAddress(bad)).toThrow('not an address');
});
