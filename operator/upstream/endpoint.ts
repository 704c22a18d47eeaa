// Which addresses the operator may talk to. An endpoint in an object is a way into the network, so it must be https, a bare
// `https://host[:port]` (a lifecycle service may add a path), and on the administrator's allow-list (engineering §5).
// Promise kept here: a bad account stays isolated (9).

/** The administrator's allow-list (`--upstream-hosts`, `--lifecycle-hosts`). */
export interface EndpointPolicy {
  /** `host[:port]`, lower case; the default port is 443. Holds for loopback too. */
  readonly hosts: readonly string[];
  /** Tests and demo only: plain http to a loopback host that is on the list. */
  readonly allowLoopbackHTTP: boolean;
  /** Entries of `hosts` whose name may resolve to a private, loopback or link-local address. Default: none. */
  readonly privateHosts?: readonly string[];
}

export type EndpointCheck =
  | { readonly kind: 'ok'; readonly url: URL }
  | { readonly kind: 'refused'; readonly reason: 'InvalidEndpoint' | 'HostNotAllowed'; readonly message: string };

export interface EndpointOptions {
  /** The base address may have a path: `https://host/prefix`. Default: it may not. */
  readonly allowPath?: boolean;
  /** The flag that holds the list, for the message. Default `--upstream-hosts`. */
  readonly flag?: '--upstream-hosts' | '--lifecycle-hosts';
}

/** Plain segments only: nothing that a server or proxy on the way could read as another path. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/;

/**
 * Checks the address of an account against the policy, without any look-up. In: `https://host[:port]`, a trailing slash is
 * fine; the client itself appends `/api/…` (domain: ema-api §1). Out: the parsed URL, or the reason with a message that
 * never repeats a user or password part.
 */
export function checkEndpoint(endpoint: string, policy: EndpointPolicy, options: EndpointOptions = {}): EndpointCheck {
  const { allowPath = false, flag = '--upstream-hosts' } = options;
  const invalid = (message: string): EndpointCheck => ({ kind: 'refused', reason: 'InvalidEndpoint', message });
  const url = URL.parse(endpoint);
  if (url === null) return invalid('The endpoint is not a URL. Write https://host or https://host:port.');
  if (url.username !== '' || url.password !== '') {
    return invalid('The endpoint must not carry a user or password. Put them into the Secret.');
  }
  if (allowPath && (!PLAIN_PATH.test(url.pathname) || url.search !== '' || url.hash !== '')) {
    return invalid('The endpoint must be https://host[:port] or https://host[:port]/path, without query or fragment.');
  }
  if (!allowPath && (url.pathname !== '/' || url.search !== '' || url.hash !== '')) {
    return invalid('The endpoint must be https://host or https://host:port; the path /api is appended by itself.');
  }
  const plain = url.protocol === 'http:';
  if (!plain && url.protocol !== 'https:') return invalid('The endpoint must begin with https://.');
  if (plain && !(policy.allowLoopbackHTTP && isLoopbackName(url.hostname))) {
    return invalid('The endpoint must begin with https://; plain http is not allowed.');
  }
  const host = hostOf(url);
  if (!policy.hosts.some((entry) => withPort(entry) === host)) {
    return {
      kind: 'refused',
      reason: 'HostNotAllowed',
      message: `The host ${host} is not on the operator's list of allowed upstream hosts (${flag}).`,
    };
  }
  return { kind: 'ok', url };
}

/** True if a name of the list may resolve to a private address (see `address.ts`). */
export function mayBePrivate(url: URL, policy: EndpointPolicy): boolean {
  const host = hostOf(url);
  return isLoopbackName(url.hostname) || (policy.privateHosts ?? []).some((entry) => withPort(entry) === host);
}

/** `localhost`, 127.0.0.0/8 and [::1]; the URL parser has already put addresses into one form. */
function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function hostOf(url: URL): string {
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port}`;
}

function withPort(entry: string): string {
  const host = entry.trim().toLowerCase();
  return /:\d+$/.test(host) ? host : `${host}:443`;
}
