// What the proxy's rules see of a request: its verb and what it is about, read from method and path as the API server does.

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'other';

export interface ProxyRequest {
  /** Running number of the request, from 1. */
  readonly n: number;
  /** Running number among the writes, from 1; 0 if it is none. */
  readonly nWrite: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly verb: Verb;
  /** '' is the core group. */
  readonly group: string;
  /** Plural, such as `customers`; '' for paths that are no resource, such as /version. */
  readonly resource: string;
  readonly subresource: string;
  /** '' for all namespaces, or none. */
  readonly namespace: string;
  /** '' for collections. */
  readonly name: string;
  readonly isWrite: boolean;
  readonly isWatch: boolean;
}

export type Described = Omit<ProxyRequest, 'n' | 'nWrite'>;

/** POSTs that only ask. */
const QUESTIONS = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

export function describeRequest(method: string, path: string): Described {
  const url = new URL(path, 'https://proxy');
  const target = targetOf(url.pathname.split('/').filter((part) => part !== ''));
  const watch = ['1', 'true'].includes(url.searchParams.get('watch') ?? '');
  const verb = target.resource === '' ? 'other' : verbOf(method, target.name, watch);
  const reads = verb === 'get' || verb === 'list' || verb === 'watch' || verb === 'other';
  return {
    method,
    path,
    verb,
    ...target,
    isWrite: !reads && !QUESTIONS.has(target.group),
    isWatch: verb === 'watch',
  };
}

/** As a line of a log: `patch customers/status acme-x`. */
export function labelOf({ verb, resource, subresource, name, method, path }: Described): string {
  if (resource === '') return `${method} ${path}`;
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}${name === '' ? '' : ` ${name}`}`;
}

type Target = Pick<Described, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>;

function targetOf([root, ...parts]: readonly string[]): Target {
  const none: Target = { group: '', resource: '', subresource: '', namespace: '', name: '' };
  if (root !== 'api' && root !== 'apis') return none;
  const group = root === 'api' ? '' : (parts.shift() ?? '');
  parts.shift(); // the version
  const aboutNamespace = parts.length <= 2 || parts[2] === 'status' || parts[2] === 'finalize';
  const namespace = parts[0] === 'namespaces' && !aboutNamespace ? (parts.splice(0, 2)[1] ?? '') : '';
  const [resource = '', name = '', ...rest] = parts;
  return { group, resource, name, namespace, subresource: rest.join('/') };
}

function verbOf(method: string, name: string, watch: boolean): Verb {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return watch ? 'watch' : name === '' ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      return 'other';
  }
}
