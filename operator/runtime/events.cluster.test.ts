// Events as people see them: repetitions become a series, an object has a bounded number, nothing is lost at the end.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { KubeClient } from './client.ts';
import { clientFor, createNamespace, deleteNamespace, type TestClient } from './cluster-testing.ts';
import { loadConnection } from './connection.ts';
import { EventRecorder, cutNote, type EventRef, type EventRecorderOptions } from './events.ts';
import type { KubeObject, Resource } from './object.ts';
import { eventually, realDeps } from './testing.ts';

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };

let namespace: string;
let admin: TestClient;
let ref: EventRef;

beforeAll(async () => {
  admin = clientFor(loadConnection({ kubeconfig: inject('controlPlane').kubeconfig }));
  namespace = await createNamespace(admin, 'events');
});

afterAll(async () => {
  await deleteNamespace(admin, namespace);
  await admin.close();
});

function recorder(name: string, options: Partial<EventRecorderOptions> = {}): EventRecorder {
  ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid: `uid-of-${name}` };
  return new EventRecorder({
    ...realDeps(),
    client: admin.client,
    reportingController: 'example.com/test',
    reportingInstance: 'test-1',
    seriesWriteMs: 100,
    ...options,
  });
}

async function eventsOf(name: string): Promise<KubeObject[]> {
  const found: KubeObject[] = [];
  for await (const page of admin.client.list(EVENTS, { namespace })) {
    found.push(...page.items.filter((each) => (each['regarding'] as { name?: string } | undefined)?.name === name));
  }
  return found;
}

describe('an event', () => {
  it('is one object; its repetitions are a series of it', async () => {
    const events = recorder('series');
    for (let n = 0; n < 5; n++) events.event(ref, 'Warning', 'Broken', 'Sync', 'it is broken');
    events.event(ref, 'Normal', 'Mended', 'Sync', 'it works');
    await eventually(async () => {
      const [broken] = (await eventsOf('series')).filter((each) => each['reason'] === 'Broken');
      return (broken?.['series'] as { count?: number } | undefined)?.count === 5;
    }, 'the series is written');
    await events.close(1_000);
    const all = await eventsOf('series');
    expect(new Set(all.map((each) => each['reason']))).toEqual(new Set(['Broken', 'Mended']));
    expect(all).toHaveLength(2);
    expect(all[0]).toMatchObject({ reportingController: 'example.com/test', regarding: { uid: 'uid-of-series' } });
  });

  it('is sent before the end, with its repetitions', async () => {
    // Slower than the repetitions that must come after it.
    const create: KubeClient['create'] = async (...args) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return admin.client.create(...args);
    };
    const patch = admin.client.patch.bind(admin.client);
    const events = recorder('close', { seriesWriteMs: 60_000, client: { create, patch } });
    for (let n = 0; n < 3; n++) events.event(ref, 'Normal', 'Said', 'Sync', 'x'.repeat(5_000));
    await events.close(5_000);
    events.event(ref, 'Normal', 'TooLate', 'Sync', 'not sent');
    const all = await eventsOf('close');
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ series: { count: 3 } });
  });

  it('has bounds for each object', async () => {
    const events = recorder('many', { burst: 4 });
    for (let n = 0; n < 50; n++) events.event(ref, 'Normal', 'Many', 'Sync', `number ${n}`);
    await events.close(5_000);
    expect(await eventsOf('many')).toHaveLength(4);
  });
});

it('a note is cut between characters', () => {
  const cut = cutNote('€'.repeat(500));
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
  expect(cut).toMatch(/^€+…$/);
  expect(cutNote('short')).toBe('short');
});
