// Flags and MSPOPERATOR_… environment variables → configuration. `main.ts` hands the environment in; nothing else reads it.

import { Command, InvalidArgumentError, Option } from 'commander';
import type { CompanyStatus } from './hierarchy/snapshot.ts';
import { wrongTimes, type LeaseTimes } from './runtime/leader-election.ts';
import { parseProxy } from './upstream/proxy.ts';

export interface Config {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** null: all namespaces. */
  readonly watchNamespaces: readonly string[] | null;
  /** `host[:port]`, lower case. */
  readonly upstreamHosts: readonly string[];
  readonly upstreamAllowLoopbackHTTP: boolean;
  /** PEM file of authorities to trust upstream by, beside the public ones. */
  readonly upstreamCaFile?: string;
  /** Egress proxy for upstream and lifecycle services; null: directly. */
  readonly upstreamProxy: URL | null;
  /** Hosts that are reached without it. */
  readonly upstreamNoProxy: readonly string[];
  /** Hosts of lifecycle services; none: instances of type Portal only. */
  readonly lifecycleHosts: readonly string[];
  /** How often an instance is looked at upstream while nothing happens. */
  readonly lifecyclePollSeconds: number;
  readonly upstreamRequestsPerSecond: number;
  /** Requests to upstream under way at the same time, of all accounts. */
  readonly upstreamMaxInFlight: number;
  readonly companyStatusCodes: ReadonlyMap<number, CompanyStatus>;
  /** Accounts read and written at the same time. */
  readonly concurrency: number;
  /** Several replicas may run; one of them works. */
  readonly leaderElect: boolean;
  /** Default: the namespace of the pod, or of the kubeconfig's context. */
  readonly leaseNamespace?: string;
  readonly leaseTimes: LeaseTimes;
  /** `host:port`; '0' serves none. */
  readonly metricsAddress: string;
  readonly healthAddress: string;
  readonly logLevel: string;
  readonly logFormat: 'json' | 'pretty';
}

const STATUSES: readonly CompanyStatus[] = ['Active', 'Suspended', 'WaitingForActivation', 'Unknown'];

/**
 * @param argv as process.argv
 * @param exitOverride tests: throw a CommanderError instead of ending the process
 * Ends the process with a message on a flag that makes no sense, and after --help and --version.
 */
export function parseConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
  exitOverride = false,
): Config {
  const { command, fromEnvironment } = commandOf(env);
  command.version(version);
  if (exitOverride) command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });

  command.parse([...argv.slice(0, 2), ...fromEnvironment, ...argv.slice(2)]);
  const {
    upstreamAllowLoopbackHttp,
    upstreamProxy,
    watchNamespaces,
    leaderElectLeaseDuration: leaseDurationMs,
    leaderElectRenewDeadline: renewDeadlineMs,
    leaderElectRetryPeriod: retryPeriodMs,
    ...flags
  } = command.opts();
  const leaseTimes: LeaseTimes = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  const wrong = wrongTimes(leaseTimes);
  if (wrong !== null) command.error(`error: --leader-elect-…: ${wrong}.`);
  // Checked here and not by the parser, whose message would repeat a password.
  const proxy = upstreamProxy === undefined ? null : parseProxy(upstreamProxy as string);
  if (upstreamProxy !== undefined && proxy === null) {
    command.error('error: --upstream-proxy (or HTTPS_PROXY): write http://host:port or https://host:port.');
  }
  return {
    ...flags,
    upstreamProxy: proxy,
    leaseTimes,
    watchNamespaces: watchNamespaces ?? null,
    upstreamAllowLoopbackHTTP: upstreamAllowLoopbackHttp,
  } as Config;
}

/** Every flag, for the docs. */
export function flags(): { flag: string; variable: string; fallback: string; description: string }[] {
  return commandOf({}).command.options.map((option) => ({
    flag: option.flags,
    variable: variableOf(option),
    fallback: String(option.defaultValueDescription ?? option.defaultValue ?? ''),
    description: option.description.replace(` (${variableOf(option)})`, ''),
  }));
}

function variableOf(option: Option): string {
  return `MSPOPERATOR_${option.name().replaceAll('-', '_').toUpperCase()}`;
}

/** The command with its flags, and the flags that the environment sets. */
function commandOf(env: Readonly<Record<string, string | undefined>>): { command: Command; fromEnvironment: string[] } {
  const command = new Command('eset-msp-operator')
    .description('Mirrors MSP hierarchies of ESET MSP Administrator 2 into Kubernetes objects.')
    .showHelpAfterError('(run with --help for all flags)')
    .allowExcessArguments(false);

  // Variables come before the flags on the command line, so that a flag wins.
  const fromEnvironment: string[] = [];
  const add = (option: Option, ...usual: readonly string[]): void => {
    const variable = variableOf(option);
    option.description += ` (${variable})`;
    command.addOption(option);
    // An empty variable, as charts render it, means "not set".
    const value = [variable, ...usual].map((name) => env[name]).find((set) => set !== undefined && set !== '');
    if (value !== undefined) fromEnvironment.push(`--${option.name()}=${value}`);
  };
  add(new Option('--kubeconfig <file>', 'kubeconfig to use; default: in-cluster, then what kubectl would use'));
  add(new Option('--context <name>', 'context of the kubeconfig'));
  add(new Option('--watch-namespaces <names>', 'comma-separated namespaces; default: all').argParser(names));
  add(
    new Option('--upstream-hosts <hosts>', "comma-separated host[:port] that accounts' endpoints may name")
      .argParser(hosts)
      .default(['mspapi.eset.com'], 'mspapi.eset.com'),
  );
  add(
    new Option(
      '--lifecycle-hosts <hosts>',
      'comma-separated host[:port] of lifecycle services for instances; default: none',
    )
      .argParser(hosts)
      .default([], 'none'),
  );
  add(
    new Option(
      '--lifecycle-poll-seconds <n>',
      'how often an instance is looked at while nothing happens; more often while something does',
    )
      .argParser(within(10, 86_400, Number))
      .default(300),
  );
  add(
    new Option(
      '--upstream-allow-loopback-http [true|false]',
      'admit http:// to a loopback address (tests and demo only)',
    )
      .argParser(yesOrNo)
      .preset('true')
      .default(false),
  );
  add(
    new Option(
      '--upstream-ca-file <file>',
      'certificates (PEM) of authorities that upstream and lifecycle services are trusted by, beside the public ones; read again when it changes',
    ),
  );
  add(
    new Option(
      '--upstream-proxy <url>',
      'http(s)://[user:password@]host:port through which upstream and lifecycle services are reached, never the API server; default: HTTPS_PROXY',
    ),
    'HTTPS_PROXY',
    'https_proxy',
  );
  add(
    new Option(
      '--upstream-no-proxy <hosts>',
      'comma-separated hosts, .domains, addresses or ranges that are reached without the proxy; loopback always is; default: NO_PROXY',
    )
      .argParser(list)
      .default([], ''),
    'NO_PROXY',
    'no_proxy',
  );
  add(
    new Option('--upstream-requests-per-second <n>', 'requests per second and account')
      .argParser(within(0.1, 1000, Number))
      .default(10),
  );
  add(
    new Option(
      '--company-status-codes <codes>',
      "what upstream's undocumented numeric company statuses mean, such as 1=Active,2=Suspended",
    )
      .argParser(statusCodes)
      .default(new Map([[1, 'Active']]), '1=Active'),
  );
  add(
    new Option(
      '--upstream-max-in-flight <n>',
      'requests to upstream under way at the same time, of all accounts; one that has gone unanswered for 1 s does not count',
    )
      .argParser(within(4, 10_000, wholeNumber))
      .default(128),
  );
  add(
    new Option(
      '--concurrency <n>',
      'accounts read and written at the same time; one whose upstream has been silent for 1 s does not count, and those whose upstream failed last time share a quarter of it',
    )
      .argParser(within(1, 100, wholeNumber))
      .default(32),
  );
  add(
    new Option('--leader-elect [true|false]', 'work only while holding a Lease, so that several replicas may run')
      .argParser(yesOrNo)
      .preset('true')
      .default(false),
  );
  add(
    new Option(
      '--lease-namespace <name>',
      "namespace of the Lease; default: the pod's, or that of the kubeconfig's context",
    ).argParser(name),
  );
  add(
    new Option(
      '--leader-elect-lease-duration <duration>',
      'how long the others wait after the last renewal, in whole seconds, such as 15s',
    )
      .argParser(duration)
      .default(15_000, '15s'),
  );
  add(
    new Option(
      '--leader-elect-renew-deadline <duration>',
      'the leader gives up after this long without a renewal; shorter than the lease',
    )
      .argParser(duration)
      .default(10_000, '10s'),
  );
  add(
    new Option('--leader-elect-retry-period <duration>', 'pause between two tries to get or renew the Lease')
      .argParser(duration)
      .default(2_000, '2s'),
  );
  add(new Option('--metrics-address <address>', "host:port of /metrics; '0' serves none").default('0.0.0.0:8080'));
  add(
    new Option('--health-address <address>', "host:port of /healthz and /readyz; '0' serves none").default(
      '0.0.0.0:8081',
    ),
  );
  add(
    new Option('--log-level <level>', 'lowest level that is logged')
      .choices(['trace', 'debug', 'info', 'warn', 'error'])
      .default('info'),
  );
  add(
    new Option('--log-format <format>', 'json, or pretty for a terminal').choices(['json', 'pretty']).default('json'),
  );
  return { command, fromEnvironment };
}

function list(text: string): string[] {
  return [...new Set(text.split(',').map((part) => part.trim()))].filter((part) => part !== '');
}

function name(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError(`"${text}" is not the name of a namespace.`);
}

function names(text: string): string[] | null {
  const all = list(text).map(name);
  return all.length === 0 ? null : all;
}

/** As Go writes durations; ms. */
function duration(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  if (!/^(\d{1,6}(\.\d{1,3})?(ms|s|m|h))+$/.test(text)) {
    throw new InvalidArgumentError('Write a duration such as 15s, 1m30s or 500ms.');
  }
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

function hosts(text: string): string[] {
  const all = list(text.toLowerCase());
  const wrong = all.find((host) => !/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(host));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is not host or host:port.`);
  if (all.length === 0) throw new InvalidArgumentError('Name at least one host.');
  return all;
}

function statusCodes(text: string): Map<number, CompanyStatus> {
  const codes = new Map<number, CompanyStatus>();
  for (const entry of list(text)) {
    const [code = '', status = ''] = entry.split('=');
    const known = STATUSES.find((name) => name === status);
    if (!/^\d{1,9}$/.test(code) || known === undefined) {
      throw new InvalidArgumentError(`"${entry}" is not code=status with one of ${STATUSES.join(', ')}.`);
    }
    codes.set(Number(code), known);
  }
  return codes;
}

function yesOrNo(text: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new InvalidArgumentError('Write true or false.');
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function within(from: number, to: number, parse: (text: string) => number): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (!(value >= from && value <= to)) throw new InvalidArgumentError(`Write a number from ${from} to ${to}.`);
    return value;
  };
}
