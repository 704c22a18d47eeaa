// kubectl-msp: `tree` and `plan`. Put it on the PATH as kubectl-msp and call it as `kubectl msp`.

import { Command, Option } from 'commander';
import { pino } from 'pino';
import { readSecret } from '../controllers/secret.ts';
import { KubeClient } from '../runtime/client.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConnection } from '../runtime/connection.ts';
import { createRegistry } from '../runtime/metrics.ts';
import { Transport } from '../runtime/transport.ts';
import { Ema2Client } from '../upstream/client.ts';
import { planLines, preview } from './plan.ts';
import { parseAccount, readAccount, readFamily, UsageError } from './read.ts';
import { treeLines } from './tree.ts';

declare const PROGRAM_VERSION: string | undefined;

interface Flags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly allowLoopbackHttp?: boolean;
  readonly requestsPerSecond: string;
}

const command = new Command('kubectl-msp')
  .description('Looks at MSP accounts. Uses your kubeconfig and changes nothing.')
  .version(typeof PROGRAM_VERSION === 'undefined' ? 'dev' : PROGRAM_VERSION)
  .showHelpAfterError('(run with --help for all flags)');

const common = (sub: Command): Command =>
  sub
    .argument('<account>', 'NAMESPACE/NAME of an MSPAccount, or NAME in the namespace of the context')
    .option('--kubeconfig <file>', 'kubeconfig to use; default: what kubectl would use')
    .option('--context <name>', 'context of the kubeconfig');

common(command.command('tree'))
  .description('Prints the tree of an account with the statuses of its customers.')
  .action((account: string, flags: Flags) =>
    run(flags, async ({ client, namespace }) => {
      const view = await readAccount(client, parseAccount(account, namespace));
      const lines = treeLines(await readFamily(client, view));
      print(lines.length === 0 ? ['The account has no groups yet.'] : lines);
      return 0;
    }),
  );

common(command.command('plan'))
  .description(
    'Reads upstream with the login of the account and prints what the operator would change. Exits 0 if nothing, 2 if something, 1 on an error. You need the right to read the Secret.',
  )
  .addOption(new Option('--requests-per-second <n>', 'at most so many requests to upstream').default('10'))
  .addOption(new Option('--allow-loopback-http', 'admit http:// to a loopback address (a simulator)'))
  .action((account: string, flags: Flags) =>
    run(flags, async ({ client, namespace, signal }) => {
      const view = await readAccount(client, parseAccount(account, namespace));
      const key = { namespace: view.namespace, name: view.settings.secretName };
      const secret = await readSecret(client, key, ['username', 'password'], 'you', signal);
      if (secret.kind === 'unusable') {
        throw new UsageError(
          secret.reason === 'SecretForbidden' ? `You may not read the Secret ${key.name}.` : secret.message,
        );
      }
      const { endpoint } = view.settings;
      const upstream = new Ema2Client({
        endpoint,
        credentials: secret.values,
        // Whoever runs this reaches upstream from their own machine: the operator's allow-list is not theirs.
        allow: { hosts: [new URL(endpoint).host.toLowerCase()], allowLoopbackHTTP: flags.allowLoopbackHttp ?? false },
        requestsPerSecond: Number(flags.requestsPerSecond) || 10,
        now: Date.now,
        random: Math.random,
      });
      try {
        const seen = await preview(view, await readFamily(client, view), upstream, Date.now(), signal);
        print(planLines(seen));
        return seen.plan.actions.length === 0 ? 0 : 2;
      } finally {
        await upstream.close();
      }
    }),
  );

interface Session {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

async function run(flags: Flags, work: (session: Session) => Promise<number>): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new UsageError('interrupted')));
  let transport: Transport | null = null;
  try {
    const connection = loadConnection({
      ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
      ...(flags.context === undefined ? {} : { context: flags.context }),
    });
    const deps = {
      log: pino({ level: 'silent' }),
      metrics: createRegistry({ processMetrics: false }),
      clock: systemClock,
      random: Math.random,
    };
    transport = new Transport({ ...deps, connection, userAgent: 'kubectl-msp' });
    const session = {
      client: new KubeClient(transport),
      namespace: connection.namespace ?? 'default',
      signal: stop.signal,
    };
    process.exitCode = await work(session);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await transport?.close();
  }
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

await command.parseAsync();
