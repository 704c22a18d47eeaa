// The simulator as a program: reads the flags, starts, prints one line, runs until SIGTERM or SIGINT.
import { Command, InvalidArgumentError, Option } from 'commander';
import { isService } from './lifecycle-instance.ts';
import { shapes, startSimulator } from './simulator.ts';
import type { Service, Shape, Simulator } from './simulator.ts';

interface Flags {
  port: number;
  adminPort: number;
  companies?: number;
  shape?: Shape;
  seed: string;
  hostileNames?: true;
  username: string;
  password: string;
  lifecycleToken: string;
  services: readonly Service[];
}

const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };

const serviceList = (text: string): readonly Service[] => {
  const names = text.split(',').map((name) => name.trim());
  if (!names.every(isService)) throw new InvalidArgumentError('Must be EMA2, EBA or Hub, with commas between.');
  return names;
};

const program = new Command('simulator')
  .description('Speaks the ESET MSP Administrator 2 API on 127.0.0.1, over a tree that it makes up.')
  .addOption(new Option('--port <port>', 'API port, 0 = a free one').argParser(whole(0, 65_535)).default(8420))
  .addOption(new Option('--admin-port <port>', 'admin port, 0 = a free one').argParser(whole(0, 65_535)).default(8421))
  .addOption(
    new Option('--companies <count>', 'companies in total, the root included (default: 60)').argParser(
      whole(1, 2_000_000),
    ),
  )
  .addOption(
    new Option('--shape <shape>', 'shape of the tree (default: demo, with --companies msp-manager)').choices([
      ...shapes,
    ]),
  )
  .option('--seed <seed>', 'the same seed gives the same tree', '1')
  .option('--hostile-names', 'mix in names that break careless code')
  .option('--username <name>', 'the login', 'api@msp.example')
  .option('--password <password>', 'its password', 'simulator')
  .option('--lifecycle-token <token>', 'token of the lifecycle service below /lifecycle', 'simulator-lifecycle')
  .addOption(
    new Option('--services <services>', 'portals of the account: EMA2, EBA, Hub, with commas')
      .argParser(serviceList)
      .default(['EMA2'], 'EMA2'),
  )
  .showHelpAfterError('(--help lists the flags)')
  .allowExcessArguments(false);

async function main(): Promise<void> {
  const flags = program.parse().opts<Flags>();
  if (flags.shape === 'demo' && flags.companies !== undefined) {
    program.error('error: --shape demo has a size of its own: leave --companies away, or take another shape');
  }
  const shape = flags.shape ?? (flags.companies === undefined ? 'demo' : 'msp-manager');
  const simulator = await start(flags, shape);
  const stop = (): void => {
    void simulator.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const size = simulator.account(flags.username).tree.size;
  console.log(
    `EMA 2 simulator ready: api ${simulator.url} admin ${simulator.adminURL} username ${flags.username} shape ${shape} companies ${size}`,
  );
}

async function start(flags: Flags, shape: Shape): Promise<Simulator> {
  const { port, adminPort, companies, seed, hostileNames, username, password, lifecycleToken, services } = flags;
  const account = { username, password, shape, seed, hostileNames: hostileNames === true, lifecycleToken, services };
  try {
    return await startSimulator({
      port,
      adminPort,
      accounts: [{ ...account, ...(companies !== undefined && { companies }) }],
    });
  } catch (error) {
    return program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

await main();
