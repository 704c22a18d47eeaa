import { describe, expect, test } from 'vitest';
import { clientOf, id, never, serve, type Reply, type Script } from './scripted.ts';

const detail = (answer: Script): Record<string, Script> => ({ 'Company/Detail': answer });

async function ask(reply: Reply): Promise<string | undefined> {
  const server = await serve(detail(() => reply));
  return (await clientOf(server, { requestTimeoutMs: 200 }).confirm([id(1)], never())).get(id(1));
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

describe('confirm', () => {
  test.each<[string, Reply, string]>([
    ['404', { status: 404 }, 'Gone'],
    ['404 in JSON', { status: 404, json: { code: 1 } }, 'Gone'],
    ['404 in HTML', { status: 404, text: '<html>no such page</html>' }, 'NotVisible'],
    ['403', { status: 403 }, 'NotVisible'],
    ['403 page not found', { status: 403, json: { code: 99, subCode: 1 } }, 'NotVisible'],
    ['500', { status: 500 }, 'NotVisible'],
    ['400', { status: 400 }, 'NotVisible'],
    ['410', { status: 410 }, 'NotVisible'],
    ['the company', { json: { id: id(1) } }, 'Present'],
    ['the company in other words', { json: { PublicId: id(1).toUpperCase() } }, 'Present'],
    ['another company', { json: { id: id(2) } }, 'NoAnswer'],
    ['no id', { json: { name: 'x' } }, 'NoAnswer'],
    ['nothing', { text: '' }, 'NoAnswer'],
    ['HTML', { text: '<html>' }, 'NoAnswer'],
    ['401', { status: 401 }, 'NoAnswer'],
    ['407', { status: 407 }, 'NoAnswer'],
    ['408', { status: 408 }, 'NoAnswer'],
    ['429', { status: 429 }, 'NoAnswer'],
    ['502', { status: 502 }, 'NoAnswer'],
    ['503', { status: 503 }, 'NoAnswer'],
    ['501', { status: 501 }, 'NoAnswer'],
    ['302', { status: 302 }, 'NoAnswer'],
    ['silence', () => {}, 'NoAnswer'],
    ['a broken connection', (response) => void response.destroy(), 'NoAnswer'],
    ['a huge 404', { status: 404, text: 'x'.repeat(9 * 1024 * 1024) }, 'NoAnswer'],
  ])('%s', async (_name, reply, confirmation) => {
    expect(await ask(reply)).toBe(confirmation);
  });

  test.each([400, 401, 403, 404, 500])('a login that fails with %i says nothing about a company', async (status) => {
    const server = await serve({ ...detail(() => ({ status: 404 })), 'Token/Get': () => ({ status }) });
    const answers = await clientOf(server, { concurrency: 1 }).confirm([id(1), id(2), id(3)], never());
    expect([...answers.values()]).toEqual(['NoAnswer', 'NoAnswer', 'NoAnswer']);
    expect(server.seen.map(({ operation }) => operation)).toEqual(['Token/Get']);
  });

  test('a stale token is replaced, then the answer counts', async () => {
    const server = await serve(detail(({ token }) => ({ status: token === 'token-1' ? 401 : 404 })));
    expect((await clientOf(server).confirm([id(1)], never())).get(id(1))).toBe('Gone');
    expect(server.count('Token/Get')).toBe(2);
  });

  test('each id is asked once, in one form, a few at a time', async () => {
    const server = await serve(
      detail(async ({ body }) => {
        await new Promise((done) => setTimeout(done, 10));
        return Number.parseInt(String(body['companyId']).slice(0, 8), 16) % 2 === 0
          ? { status: 404 }
          : { json: { id: body['companyId'] } };
      }),
    );
    const ids = Array.from({ length: 20 }, (_, i) => id(i + 1));
    const answers = await clientOf(server, { concurrency: 3 }).confirm(
      [...ids, id(10).toUpperCase(), 'no-guid'],
      never(),
    );
    expect(answers).toEqual(
      new Map([...ids.map((key, i) => [key, i % 2 === 0 ? 'Present' : 'Gone'] as const), ['no-guid', 'NoAnswer']]),
    );
    expect(
      server
        .of('Company/Detail')
        .map(({ body }) => String(body['companyId']))
        .sort(compare),
    ).toEqual(ids);
    expect(server.mostAtOnce).toBe(3);
  });

  test('a dead upstream is left alone, and nothing is retried', async () => {
    const server = await serve(detail(() => ({ status: 503 })));
    const ids = Array.from({ length: 50 }, (_, i) => id(i + 1));
    const answers = await clientOf(server, { concurrency: 2 }).confirm(ids, never());
    expect(new Set(answers.values())).toEqual(new Set(['NoAnswer']));
    expect(answers.size).toBe(50);
    expect(server.count('Company/Detail')).toBeLessThanOrEqual(6);
  });

  test('called off: what was answered stays, the rest is no answer', async () => {
    const control = new AbortController();
    const server = await serve(
      detail((_seen, nth) => {
        if (nth < 3) return { status: 404 };
        control.abort();
        return () => {};
      }),
    );
    const answers = await clientOf(server, { concurrency: 1 }).confirm([id(1), id(2), id(3), id(4)], control.signal);
    expect([...answers.values()]).toEqual(['Gone', 'Gone', 'NoAnswer', 'NoAnswer']);
    expect(server.count('Company/Detail')).toBe(3);
  });
});
