import { describe, expect, test } from 'vitest';
import { bypasses, parseProxy } from './proxy.ts';

describe('the address of a proxy', () => {
  test.each([
    ['http://proxy:3128', 'http://proxy:3128/'],
    ['https://user:p%40ss@proxy.example', 'https://user:p%40ss@proxy.example/'],
    ['proxy:3128', 'http://proxy:3128/'],
    ['http://[fd00::1]:3128/', 'http://[fd00::1]:3128/'],
  ])('%s', (text, href) => expect(parseProxy(text)?.href).toBe(href));

  test.each(['', 'socks5://proxy:1080', 'http://', 'http://proxy/path', 'http://proxy/?x', 'ftp://proxy'])(
    '"%s" is none',
    (text) => expect(parseProxy(text)).toBeNull(),
  );
});

describe('what is reached without it', () => {
  test.each([
    ['https://a.example.org', 'example.org'],
    ['https://example.org', 'example.org'],
    ['https://example.org.', 'example.org'],
    ['https://a.example.org', '.example.org'],
    ['https://example.org', '.example.org'],
    ['https://a.example.org', '*.example.org'],
    ['https://A.Example.ORG', 'EXAMPLE.org'],
    ['https://example.org:8443', 'example.org:8443'],
    ['https://example.org', 'other, example.org:443'],
    ['https://10.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '10.1.2.3'],
    ['https://[fd00::7]', 'fd00::/8'],
    ['https://[fd00::7]:8443', '[fd00::7]:8443'],
    ['https://anything.example', '*'],
    ['http://localhost:8080', ''],
    ['http://127.0.0.1:8080', ''],
    ['https://[::1]', ''],
  ])('%s with "%s"', (url, list) => expect(bypasses(list.split(','), new URL(url))).toBe(true));

  test.each([
    ['https://example.org', ''],
    ['https://example.org', 'notexample.org'],
    ['https://notexample.org', 'example.org'],
    ['https://example.org', 'a.example.org'],
    ['https://example.org', '*.example.org'],
    ['https://example.org', 'example.org:8443'],
    ['https://11.1.2.3', '10.0.0.0/8'],
    ['https://10.1.2.3', '0.1.2.3'],
    ['https://10.1.2.3', '2.3'],
    ['https://10.1.2.3', '10.0.0.0/x'],
    ['https://[fe80::7]', 'fd00::/8'],
  ])('%s not with "%s"', (url, list) => expect(bypasses(list.split(','), new URL(url))).toBe(false));
});
