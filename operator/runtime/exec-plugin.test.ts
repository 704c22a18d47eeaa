// What a plugin may do wrong, and that the error says what to do.
import { describe, expect, test } from 'vitest';
import { ExecPlugin, type ExecPluginConfig } from './exec-plugin.ts';

const apiVersion = 'client.authentication.k8s.io/v1';
const cluster = { server: 'https://c.example' };
const answer = (status: object): string => JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
const shell = (script: string, more: Partial<ExecPluginConfig> = {}): ExecPlugin =>
  new ExecPlugin({ apiVersion, command: 'sh', args: ['-c', script], ...more }, cluster, 1_000);

test('gives what it says', async () => {
  const plugin = shell(`echo '${answer({ token: 't', expirationTimestamp: '2099-01-01T00:00:00Z' })}'`);
  expect(await plugin.credentials()).toEqual({
    token: 't',
    certificate: null,
    expiresAt: Date.parse('2099-01-01T00:00:00Z'),
  });
});

test('is asked again when its answer has run out, and not before', async () => {
  const script = (token: string, expires: string): string =>
    `printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"${token}","expirationTimestamp":"${expires}"}}'`;
  const old = shell(script("'$$'", '2001-01-01T00:00:00Z'));
  expect((await old.credentials()).token).not.toBe((await old.credentials()).token);
  const good = shell(script("'$$'", '2099-01-01T00:00:00Z'));
  expect((await good.credentials()).token).toBe((await good.credentials()).token);
});

test('hears of the cluster only if it asks', async () => {
  const script = `case "$KUBERNETES_EXEC_INFO" in *c.example*) t=told;; *interactive*false*) t=untold;; esac
    printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"%s"}}' $t`;
  expect((await shell(script).credentials()).token).toBe('untold');
  expect((await shell(script, { provideClusterInfo: true }).credentials()).token).toBe('told');
});

describe('what goes wrong is said, and what to do about it', () => {
  test.each<[string, string, RegExp]>([
    [
      'fails',
      'echo "no session,\n run: login" >&2; echo canary; exit 3',
      /"sh" failed with exit code 3: no session, run: login$/,
    ],
    ['hangs, and so does its child', 'sleep 5 & sleep 5; echo canary', /"sh" was ended \(it has 1 s\)/],
    ['says nothing', 'true', /did not answer with an ExecCredential/],
    ['says something else', 'echo canary', /did not answer with an ExecCredential/],
    [
      'speaks another version',
      `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"}'`,
      /of client.authentication.k8s.io\/v1$/,
    ],
    ['gives nothing', `echo '${answer({})}'`, /neither a token nor a certificate/],
    ['gives half', `echo '${answer({ clientKeyData: 'canary' })}'`, /a certificate without its key/],
    ['gives no time', `echo '${answer({ token: 'canary', expirationTimestamp: 'soon' })}'`, /that is no time/],
    ['never stops talking', 'yes canary', /wrote too much/],
  ])('%s', async (_, script, message) => {
    const error = await shell(script)
      .credentials()
      .catch((thrown: unknown) => String(thrown));
    expect(error).toMatch(message);
    expect(error).not.toContain('canary');
  });

  test('is not there', async () => {
    const installHint = 'Get it from example.';
    const plugin = new ExecPlugin({ apiVersion, command: 'no-such-plugin', installHint }, cluster);
    await expect(plugin.credentials()).rejects.toThrow(
      'exec plugin "no-such-plugin" is not there. Install it, or correct exec.command in the kubeconfig. Get it from example.',
    );
  });

  test.each<[Partial<ExecPluginConfig>, RegExp]>([
    [{ command: '' }, /names no command/],
    [{ apiVersion: 'client.authentication.k8s.io/v1alpha1' }, /v1alpha1" is not supported; use v1 or v1beta1/],
    [{ interactiveMode: 'Always' }, /wants a terminal/],
  ])('cannot work here: %j', (config, message) => {
    expect(() => shell('true', config)).toThrow(message);
  });
});
