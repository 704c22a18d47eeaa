// Where the credentials come from, file by file: what is half replaced, what fails, and who is asked how often.

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { clientFor } from '../../operator/runtime/cluster-testing.ts';
import { loadConnection } from '../../operator/runtime/connection.ts';
import { writeKubeconfig, type KubeconfigParts } from '../controlplane/kubeconfig.ts';
import { createAuthority } from '../harness/x509.ts';

let dir: string;
let kubeconfig: string;
const people = createAuthority('people');

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'connection-test-'));
  kubeconfig = join(dir, 'kubeconfig');
});
afterEach(() => rm(dir, { recursive: true }));

const configure = (user: KubeconfigParts['user'], cluster: object = {}): Promise<void> =>
  writeKubeconfig(kubeconfig, { cluster: { server: 'https://127.0.0.1:1', ...cluster }, user });

test('a certificate with the key of another one is an error, not the end of the program', async () => {
  const [certPath, keyPath] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
  await configure({ 'client-certificate': certPath, 'client-key': keyPath });
  const [one, other] = [people.issue('one'), people.issue('other')];
  await Promise.all([writeFile(certPath, one.cert), writeFile(keyPath, other.key)]);
  const client = clientFor(loadConnection({ kubeconfig }));
  await expect(client.transport.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
    status: 0,
    message: expect.stringContaining('cannot be used') as string,
  });
  await client.close();
});

test('while they are being replaced the ones before go on', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const [certPath, keyPath] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
  await configure({ 'client-certificate': certPath, 'client-key': keyPath });
  const [old, next] = [people.issue('one'), people.issue('one')];
  await Promise.all([writeFile(certPath, old.cert), writeFile(keyPath, old.key)]);
  const connection = loadConnection({ kubeconfig });
  const certificate = async (): Promise<string> => String((await connection.credentials()).tls.cert);
  expect(await certificate()).toBe(old.cert);
  await writeFile(keyPath, next.key);
  vi.advanceTimersByTime(10_001);
  expect(await certificate()).toBe(old.cert);
  await writeFile(certPath, next.cert);
  vi.advanceTimersByTime(5_001);
  expect(await certificate()).toBe(next.cert);
  // Refused ones do not go on.
  await writeFile(keyPath, old.key);
  connection.refresh(await connection.credentials());
  await expect(connection.credentials()).rejects.toThrow('cannot be used');
});

test('nor is an authority that is none', async () => {
  const ca = join(dir, 'ca.crt');
  await writeFile(ca, '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n');
  await configure({ token: 'x' }, { 'certificate-authority': ca });
  const client = clientFor(loadConnection({ kubeconfig }));
  await expect(client.transport.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ status: 0 });
  await client.close();
});

test('a plugin that fails is not run for every call, and its words reach the caller', async () => {
  const command = join(dir, 'plugin');
  await writeFile(command, `#!/bin/sh\nprintf x >> "${dir}/runs"\necho 'please log in' >&2\nexit 1\n`);
  await chmod(command, 0o700);
  await configure({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } });
  const client = clientFor(loadConnection({ kubeconfig }));
  const calls = Array.from({ length: 20 }, (_, n) =>
    client.transport
      .request({ method: n % 2 === 0 ? 'GET' : 'POST', path: '/x' })
      .catch((error: unknown) => String(error)),
  );
  for (const error of await Promise.all(calls)) expect(error).toMatch(/plugin" failed with exit code 1: please log in/);
  expect(await readFile(join(dir, 'runs'), 'utf8')).toBe('x');
  await client.close();
});

test('after a refusal the kubeconfig is read again, at most twice a minute; who was refused with the old is told to try', async () => {
  await configure({ token: 'old' });
  const connection = loadConnection({ kubeconfig });
  const old = await connection.credentials();
  expect(connection.refresh(old)).toBe(true);
  // Not changed, and just read.
  expect(connection.refresh(await connection.credentials())).toBe(false);
  await configure({ token: 'new' });
  expect(connection.refresh(old)).toBe(false);

  const another = loadConnection({ kubeconfig });
  const first = await another.credentials();
  await configure({ token: 'newer' });
  expect(another.refresh(first)).toBe(true);
  const second = await another.credentials();
  expect(second.headers['authorization']).toBe('Bearer newer');
  // Ten calls were under way with the one before.
  for (let call = 0; call < 10; call++) expect(another.refresh(first)).toBe(true);
  expect(another.refresh(second)).toBe(false);
});

test('a kubeconfig that cannot be read any more leaves what there was', async () => {
  await configure({ token: 'x' });
  const connection = loadConnection({ kubeconfig });
  const first = await connection.credentials();
  await rm(kubeconfig);
  expect(connection.refresh(first)).toBe(false);
  expect(await connection.credentials()).toEqual(first);
});
