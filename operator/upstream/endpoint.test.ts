import { describe, expect, test } from 'vitest';
import { isPrivateAddress, publicOnlyLookup } from './address.ts';
import { checkEndpoint, mayBePrivate, type EndpointPolicy } from './endpoint.ts';

const policy: EndpointPolicy = { hosts: ['mspapi.eset.com', 'ema.example:8443'], allowLoopbackHTTP: false };
const test_: EndpointPolicy = {
  hosts: ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'sim.example:80'],
  allowLoopbackHTTP: true,
};

describe('checkEndpoint', () => {
  test.each([
    ['https://mspapi.eset.com', policy],
    ['https://MSPAPI.eset.com/', policy],
    ['https://mspapi.eset.com:443', policy],
    ['https://ema.example:8443', policy],
    ['http://127.0.0.1:8080', test_],
    ['http://localhost:8080', test_],
    ['http://[::1]:8080', test_],
  ])('takes %s', (endpoint, policy) => {
    expect(checkEndpoint(endpoint, policy).kind).toBe('ok');
  });

  test.each([
    ['mspapi.eset.com', policy],
    ['', policy],
    ['https://user:canary@mspapi.eset.com', policy],
    ['https://mspapi.eset.com/api', policy],
    ['https://mspapi.eset.com/?x=canary', policy],
    ['https://mspapi.eset.com/#canary', policy],
    ['http://mspapi.eset.com', policy],
    ['ftp://mspapi.eset.com', policy],
    ['file:///etc/passwd', policy],
    ['http://127.0.0.1:8080', { ...test_, allowLoopbackHTTP: false }],
    ['http://sim.example', test_],
    ['http://127.0.0.1.example:8080', { ...test_, hosts: ['127.0.0.1.example:8080'] }],
  ])('refuses %s as InvalidEndpoint', (endpoint, policy) => {
    const check = checkEndpoint(endpoint, policy);
    expect(check).toMatchObject({ kind: 'refused', reason: 'InvalidEndpoint' });
    expect(JSON.stringify(check)).not.toContain('canary');
  });

  test.each([
    ['https://evil.example', policy],
    ['https://mspapi.eset.com.evil.example', policy],
    ['https://mspapi.eset.com:8443', policy],
    ['https://ema.example', policy],
    ['https://169.254.169.254', policy],
    ['http://127.0.0.1:9090', test_],
  ])('refuses %s as HostNotAllowed', (endpoint, policy) => {
    expect(checkEndpoint(endpoint, policy)).toMatchObject({ kind: 'refused', reason: 'HostNotAllowed' });
  });
});

describe('checkEndpoint with a path', () => {
  const options = { allowPath: true, flag: '--lifecycle-hosts' } as const;
  test.each(['', '/', '/eset', '/eset/v2/', '/a.b_c~d-e'])('takes "%s"', (path) => {
    const check = checkEndpoint(`https://mspapi.eset.com${path}`, policy, options);
    expect(check.kind === 'ok' && check.url.pathname).toBe(path === '' ? '/' : path);
  });
  test.each(['//a', '/a//b', '/a%2fb', '/a;b', '/a:b', '/?x=1', '/a?x=1', '/a#b', '/ä', '/a%00'])(
    'refuses "%s"',
    (path) => {
      const check = checkEndpoint(`https://mspapi.eset.com${path}`, policy, options);
      expect(check).toMatchObject({ kind: 'refused', reason: 'InvalidEndpoint' });
    },
  );
  test('names the list that was meant', () => {
    const check = checkEndpoint('https://evil.example/mspapi.eset.com', policy, options);
    expect(check).toMatchObject({
      reason: 'HostNotAllowed',
      message: expect.stringContaining('--lifecycle-hosts') as string,
    });
  });
});

describe('addresses at connect time', () => {
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '172.31.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::',
    '64:ff9b::a00:0',
    '64:ff9b:1::808:808',
    '2002:7f00:1::',
    'fec0::1',
    '168.63.129.16',
  ])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));
  test.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808', '64:ff9b::8.8.8.8'])(
    '%s is public',
    (address) => expect(isPrivateAddress(address)).toBe(false),
  );

  const lookup = (addresses: { address: string; family: number }[]): Promise<unknown> =>
    new Promise((done) => {
      const resolver = ((_name: string, _options: unknown, callback: (...args: unknown[]) => void) =>
        callback(null, addresses)) as never;
      publicOnlyLookup(resolver)('mspapi.eset.com', { all: true }, (error, found) => done(error?.code ?? found));
    });

  test('a name with one private address is refused, a public one is passed on', async () => {
    const ok = { address: '8.8.8.8', family: 4 };
    expect(await lookup([ok])).toEqual([ok]);
    expect(await lookup([ok, { address: '10.0.0.1', family: 4 }])).toBe('ERR_ADDRESS_REFUSED');
    expect(await lookup([])).toBe('ERR_ADDRESS_REFUSED');
  });

  test('only loopback names and entries named by the administrator may be private', () => {
    const url = new URL('https://ema.example:8443');
    expect(mayBePrivate(url, policy)).toBe(false);
    expect(mayBePrivate(url, { ...policy, privateHosts: ['ema.example:8443'] })).toBe(true);
    expect(mayBePrivate(new URL('http://localhost:8080'), test_)).toBe(true);
  });
});
