// Second chapter: the instance of a mixed account, opened from two services, removed by one alone and only on purpose.

import { heading, say, table } from './print.ts';
import { kubectlIn, type Example, type Stage } from './stage.ts';

const NAMESPACE = 'borealis-msp';

export async function showInstance(stage: Stage, example: Example): Promise<void> {
  const kubectl = kubectlIn(stage, NAMESPACE);
  heading('A mixed account: one login in EMA 2 and in ESET Business Account');
  const { username = '', password = '' } = example.secret(0);
  const { token = '' } = example.secret(1);
  await stage.simulator.addAccount({
    username,
    password,
    lifecycleToken: token,
    services: ['EMA2', 'EBA'],
    shape: 'msp',
    companies: 9,
  });
  say(`Applying examples/${example.name}, with the simulator as its endpoints …`);
  await example.apply(stage);
  await kubectl('wait', '--for=condition=Ready', 'mspa/borealis', 'pi/from-ema', 'pi/from-eba', '--timeout=60s');
  table(await kubectl('get', 'mspa'));
  say('');
  table(await kubectl('get', 'pi'));
  const creator = await kubectl('get', 'pi', 'from-ema', '-o', 'jsonpath={.status.creatingService}');
  const id = await kubectl('get', 'pi', 'from-ema', '-o', 'jsonpath={.status.instanceID}');
  const [right, wrong] = creator === 'EMA2' ? ['from-ema', 'from-eba'] : ['from-eba', 'from-ema'];
  say(`\nOne instance; ${creator} was first and created it.`);

  heading(`kubectl delete pi ${wrong}: the wrong service`);
  await refused(stage, wrong);
  heading(`kubectl delete pi ${right}: the right service, but nobody has said that they mean it`);
  await refused(stage, right);

  heading(`kubectl annotate pi ${right} mspoperator.dev/confirm-removal=${id}`);
  table(await kubectl('annotate', 'pi', right, '--overwrite', `mspoperator.dev/confirm-removal=${id}`));
  await kubectl('wait', '--for=condition=RemovalArmed', `pi/${right}`, '--timeout=30s');
  heading(`kubectl delete pi ${right}`);
  table(await kubectl('delete', 'pi', right, '--timeout=60s'));
  say('\nThe instance is gone, and the other object says so:');
  await kubectl('wait', '--for=jsonpath={.status.state}=Deleted', `pi/${wrong}`, '--timeout=60s');
  table(await kubectl('get', 'pi'));
  heading(`kubectl delete pi ${wrong}: nothing holds it any more`);
  table(await kubectl('delete', 'pi', wrong, '--timeout=60s'));
}

/** Deletes, and shows with which words that was refused. */
async function refused({ cluster }: Stage, name: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl(['delete', 'pi', name, '--wait=false'], { namespace: NAMESPACE });
  if (code === 0) throw new Error(`the deletion of ${name} was not refused`);
  table(stderr);
}
