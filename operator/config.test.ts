import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const parse = (args: string[], env: Record<string, string> = {}) =>
  parseConfig(['node', 'operator', ...args], env, '1.2.3', true);

describe('flags and environment', () => {
  test('defaults', () => {
    expect(parse([])).toMatchObject({
      watchNamespaces: null,
      upstreamHosts: ['mspapi.eset.com'],
      upstreamAllowLoopbackHTTP: false,
      upstreamRequestsPerSecond: 10,
      upstreamMaxInFlight: 128,
      concurrency: 32,
      logFormat: 'json',
    });
  });

  test('a flag wins over its variable, a variable over the default, an empty variable is none', () => {
    const env = { MSPOPERATOR_CONCURRENCY: '3', MSPOPERATOR_LOG_LEVEL: 'debug', MSPOPERATOR_LOG_FORMAT: '' };
    expect(parse(['--concurrency', '5'], env)).toMatchObject({ concurrency: 5, logLevel: 'debug', logFormat: 'json' });
  });

  test('switches by flag and by variable', () => {
    expect(parse(['--upstream-allow-loopback-http']).upstreamAllowLoopbackHTTP).toBe(true);
    expect(parse([], { MSPOPERATOR_UPSTREAM_ALLOW_LOOPBACK_HTTP: 'true' }).upstreamAllowLoopbackHTTP).toBe(true);
    expect(parse([], { MSPOPERATOR_UPSTREAM_ALLOW_LOOPBACK_HTTP: 'false' }).upstreamAllowLoopbackHTTP).toBe(false);
  });

  test('the proxy, by flag, by its own variable, or by the usual ones', () => {
    expect(parse([])).toMatchObject({ upstreamProxy: null, upstreamNoProxy: [] });
    const usual = { HTTPS_PROXY: 'http://usual:3128', no_proxy: '.example.org, 10.0.0.0/8', https_proxy: '' };
    expect(parse([], usual)).toMatchObject({
      upstreamProxy: new URL('http://usual:3128'),
      upstreamNoProxy: ['.example.org', '10.0.0.0/8'],
    });
    const own = { ...usual, MSPOPERATOR_UPSTREAM_PROXY: 'https://own', MSPOPERATOR_UPSTREAM_NO_PROXY: '*' };
    expect(parse([], own)).toMatchObject({ upstreamProxy: new URL('https://own'), upstreamNoProxy: ['*'] });
    expect(parse(['--upstream-proxy=flag:8080'], own).upstreamProxy).toEqual(new URL('http://flag:8080'));
  });

  test('no message repeats the password of a proxy', () => {
    for (const proxy of ['http://me:canary@', 'socks5://me:canary@host', 'http://me:canary@host/path']) {
      expect(() => parse([], { HTTPS_PROXY: proxy })).toThrow(/^error: --upstream-proxy[^@]*host:port\.$/);
    }
  });

  test('times of leader election', () => {
    expect(parse([])).toMatchObject({
      leaderElect: false,
      leaseTimes: { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 },
    });
    const env = { MSPOPERATOR_LEADER_ELECT: 'true', MSPOPERATOR_LEADER_ELECT_RENEW_DEADLINE: '1m2.5s' };
    expect(parse(['--leader-elect-lease-duration=2m', '--leader-elect-retry-period', '500ms'], env)).toMatchObject({
      leaderElect: true,
      leaseTimes: { leaseDurationMs: 120_000, renewDeadlineMs: 62_500, retryPeriodMs: 500 },
    });
  });

  test('lists and codes', () => {
    const config = parse([
      '--watch-namespaces',
      'a, b',
      '--upstream-hosts',
      'A.example:8443',
      '--company-status-codes',
      '1=Active,4=Suspended',
    ]);
    expect(config.watchNamespaces).toEqual(['a', 'b']);
    expect(config.upstreamHosts).toEqual(['a.example:8443']);
    expect(config.companyStatusCodes).toEqual(
      new Map([
        [1, 'Active'],
        [4, 'Suspended'],
      ]),
    );
  });

  test.each([
    [['--concurrency', '0'], /from 1 to 100/],
    [['--concurrency', '1e1'], /from 1 to 100/],
    [['--upstream-max-in-flight', '3'], /from 4 to 10000/],
    [['--upstream-hosts', 'https://x'], /not host or host:port/],
    [['--watch-namespaces', 'Nope'], /not the name of a namespace/],
    [['--company-status-codes', '2=Gone'], /code=status/],
    [['--leader-elect-lease-duration', '15'], /such as 15s/],
    [['--leader-elect-renew-deadline', '15s'], /longer than the renew deadline/],
    [['--lease-namespace', 'a/b'], /not the name of a namespace/],
    [['--log-level', 'loud'], /Allowed choices/],
    [['--no-such-flag'], /unknown option/],
    [['stray'], /too many arguments/],
  ])('%j is refused with what to write instead', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });
});
