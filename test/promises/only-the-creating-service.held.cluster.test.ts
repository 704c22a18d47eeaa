// Promise 5, the other half: nothing is ever undeletable without a documented way out. For each state that holds an object its
// message is read, and the command or the words in it are followed to the letter. Injected: what leads to each state.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PASSWORD, USERNAME, World, conditionOf, type Thing } from '../harness/world.ts';
import { commandsOf } from './instance-model/commands.ts';

let world: World;
beforeEach(async () => {
  world = await World.create({
    accounts: [{ username: USERNAME, password: PASSWORD, shape: 'msp', companies: 1, services: ['EMA2', 'EBA'] }],
  });
  await world.apply(world.lifecycleSecret());
  await world.synchronized('acme', { services: ['EMA2', 'EBA'] });
});
afterEach(async () => {
  const problems = world.upstream.lifecycle.violations();
  await world.end();
  if (problems.length > 0) throw new Error(problems.join('\n'));
});

const live = () => world.upstream.lifecycle.instances().filter(({ state }) => state !== 'Deleted');
const removal = (thing: Thing) => conditionOf(thing, 'Removal');
const remove = (name: string) =>
  world.cluster.kubectlOk(['delete', 'pi', name, '--wait=false'], { namespace: world.namespace });
const held = (name: string, reason: string, why: string | RegExp = '') =>
  world.until('pi', name, (pi) => {
    const { status, reason: is, message = '' } = removal(pi) ?? {};
    return status === 'False' && is === reason && (typeof why === 'string' ? message.includes(why) : why.test(message));
  });
const gone = (name: string, kind = 'pi') =>
  world.cluster.kubectlOk(['wait', '--for=delete', `${kind}/${name}`, '--timeout=20s'], { namespace: world.namespace });

async function active(name: string, service = 'EMA2'): Promise<string> {
  await world.apply(world.instance(name, service));
  const { status } = await world.until('pi', name, (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
  return status.instanceID as string;
}

/** Types the command of the message that begins so, as it stands there; no namespace is added. */
async function follow(thing: Thing, begins: 'patch' | 'annotate'): Promise<void> {
  const command = commandsOf(removal(thing)?.message ?? '').find(([verb]) => verb === begins);
  if (command === undefined) throw new Error(`no command to ${begins} in: ${removal(thing)?.message}`);
  await world.cluster.kubectlOk(command);
}

async function letGo(thing: Thing): Promise<void> {
  await follow(thing, 'patch');
  await gone(thing.metadata.name);
}

describe('NotCreatingService', () => {
  test('letting go leaves the instance', async () => {
    await active('from-ema');
    await active('from-eba', 'EBA');
    await remove('from-eba');
    await letGo(await held('from-eba', 'NotCreatingService', 'only through EMA2'));
    expect(live()).toHaveLength(1);
  });

  test('the end of the instance through its own service releases it', async () => {
    await active('from-ema');
    await active('from-eba', 'EBA');
    await remove('from-eba');
    await held('from-eba', 'NotCreatingService', 'Remove it through an object with service EMA2');
    await remove('from-ema');
    await follow(await held('from-ema', 'ConfirmationRequired'), 'annotate');
    await gone('from-ema');
    await gone('from-eba');
    expect(live()).toEqual([]);
  });

  test('Portal: letting go releases it', async () => {
    await world.apply(portal('from-eba', 'EBA', 'EMA2'));
    await world.until('pi', 'from-eba', (pi) => conditionOf(pi, 'Ready')?.reason === 'Declared');
    await remove('from-eba');
    await letGo(await held('from-eba', 'NotCreatingService'));
  });
});

describe('OwnershipUnverified', () => {
  const annotate = (name: string, annotation: string) =>
    world.cluster.kubectlOk(['annotate', 'pi', name, annotation], { namespace: world.namespace });

  /** Why it cannot be verified; undoing it, where a person or time can, releases the object without more. */
  const causes: Readonly<
    Record<string, { readonly why: string | RegExp; readonly begin: () => unknown; readonly undo: () => unknown }>
  > = {
    'no answer': {
      why: 'asks again on its own',
      begin: () => world.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'status', status: 503 }),
      undo: () => world.simulator.faults.clear(),
    },
    'an HTML page': {
      why: 'HTML',
      begin: () => world.simulator.faults.add({ operation: 'Lifecycle/List', kind: 'html' }),
      undo: () => world.simulator.faults.clear(),
    },
    'no Secret': {
      why: 'There is no Secret lifecycle',
      begin: () => world.cluster.kubectlOk(['delete', 'secret', 'lifecycle'], { namespace: world.namespace }),
      undo: () => world.apply(world.lifecycleSecret()),
    },
    'a Secret without a token': {
      why: 'Give it the key token',
      begin: () => world.apply(world.lifecycleSecret('')),
      undo: () => world.apply(world.lifecycleSecret()),
    },
    'a refused token': {
      why: 'Lifecycle/List',
      begin: () => world.apply(world.lifecycleSecret('wrong')),
      undo: () => world.apply(world.lifecycleSecret()),
    },
    'the token of another company': {
      why: /answers for the company .* Check endpoint and token/,
      begin: () => {
        const username = 'other@msp.example';
        const company = { username, password: 'pw', shape: 'msp', companies: 1 } as const;
        if (!world.simulator.hasAccount(username)) world.simulator.addAccount(company);
        return world.apply(world.lifecycleSecret(world.simulator.account(username).lifecycle.token));
      },
      undo: () => world.apply(world.lifecycleSecret()),
    },
    'no right to read Secrets': {
      why: 'kubectl create rolebinding',
      begin: () =>
        world.cluster.kubectlOk(['delete', 'rolebinding', 'eset-msp-operator-credentials'], {
          namespace: world.namespace,
        }),
      undo: () => world.apply(world.credentialsBinding()),
    },
    'a creator that is not told': {
      why: 'does not say which service created',
      begin: () => world.upstream.lifecycle.setCreatingService(live()[0]?.id ?? '', null),
      undo: () => world.upstream.lifecycle.setCreatingService(live()[0]?.id ?? '', 'EMA2'),
    },
  };

  test.each(Object.entries(causes))(
    '%s: letting go leaves the instance; undone, a confirmed removal goes on',
    async (_, { why, begin, undo }) => {
      const id = await active('first');
      await begin();
      await remove('first');
      await letGo(await held('first', 'OwnershipUnverified', why));
      expect(live()).toHaveLength(1);

      await undo();
      expect(await active('second')).toBe(id);
      await annotate('second', `mspoperator.dev/confirm-removal=${id}`);
      await begin();
      await remove('second');
      await held('second', 'OwnershipUnverified', why);
      expect(live()).toHaveLength(1);
      await undo();
      await gone('second');
      expect(live()).toEqual([]);
    },
  );

  test('a create whose outcome is open: letting go releases it', async () => {
    world.simulator.faults.add({ operation: 'Lifecycle/Create', kind: 'status', status: 503 });
    await world.apply(world.instance('console', 'EMA2'));
    await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'CreateUndecided');
    await remove('console');
    await letGo(await held('console', 'OwnershipUnverified', 'its outcome is not known yet'));
    expect(live()).toEqual([]);
  });

  test('records that disagree: letting go leaves the instance', async () => {
    const id = await active('console', 'EBA');
    world.upstream.lifecycle.setCreatingService(id, 'EMA2');
    await world.apply(world.instance('other', 'EMA2', { instanceID: id }));
    await world.until('pi', 'other', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
    world.upstream.lifecycle.setCreatingService(id, 'EBA');
    await remove('console');
    await letGo(await held('console', 'ConfirmationRequired'));
    await remove('other');
    await letGo(await held('other', 'NotCreatingService'));
    expect(live()).toHaveLength(1);
  });

  test('Portal: objects that disagree hold each other until one lets go', async () => {
    await world.apply(portal('from-ema', 'EMA2', 'EMA2'), portal('from-eba', 'EBA', 'EBA'));
    await world.until('pi', 'from-ema', (pi) => conditionOf(pi, 'OwnershipVerified')?.reason === 'RecordsDisagree');
    await remove('from-ema');
    await letGo(await held('from-ema', 'OwnershipUnverified', 'from-eba says that EBA created'));
    await remove('from-eba');
    await follow(await held('from-eba', 'AwaitingPortal'), 'annotate');
    await gone('from-eba');
  });
});

describe('ConfirmationRequired', () => {
  test('the command removes the instance, and then the object', async () => {
    await active('console');
    await remove('console');
    await follow(await held('console', 'ConfirmationRequired'), 'annotate');
    await gone('console');
    expect(live()).toEqual([]);
  });

  test('letting go leaves the instance', async () => {
    await active('console');
    await remove('console');
    await letGo(await held('console', 'ConfirmationRequired', 'To keep the instance'));
    expect(live()).toHaveLength(1);
  });
});

describe('AwaitingPortal', () => {
  test('reported as done, the object goes', async () => {
    await world.apply(portal('console', 'EMA2', 'EMA2'));
    await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Declared');
    await remove('console');
    await follow(await held('console', 'AwaitingPortal', 'https://msp.eset.com'), 'annotate');
    await gone('console');
  });

  test('letting go releases it', async () => {
    await world.apply(portal('console', 'EMA2', 'EMA2'));
    await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Declared');
    await remove('console');
    await letGo(await held('console', 'AwaitingPortal'));
  });
});

test('DeletionBlocked: the account goes with the last of the objects that it names', async () => {
  await active('console');
  await world.cluster.kubectlOk(['delete', 'mspa', 'acme', '--wait=false'], { namespace: world.namespace });
  const account = await world.until('mspa', 'acme', (mspa) => conditionOf(mspa, 'DeletionBlocked')?.status === 'True');
  const message = conditionOf(account, 'DeletionBlocked')?.message ?? '';
  expect(message).toMatch(/console\. Delete them first, or let go of them with deletionPolicy Orphan/);
  await world.cluster.kubectlOk(
    ['patch', 'pi', 'console', '--type=merge', '--patch={"spec":{"deletionPolicy":"Orphan"}}'],
    { namespace: world.namespace },
  );
  await remove('console');
  await gone('console');
  await gone('acme', 'mspa');
  expect(live()).toHaveLength(1);
});

function portal(name: string, service: string, creatingService: string): object {
  return world.instance(name, service, { lifecycle: { type: 'Portal' }, instanceID: 'eu02-acme', creatingService });
}
