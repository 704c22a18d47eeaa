// For the tests of the simulator: a client that asks and shows what came, without any opinion of its own.

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The body; the tests look into it freely. */
  json: Json;
}

export interface Json {
  [key: string]: Json;
  [index: number]: Json;
}

/** undefined where the text is not JSON. */
function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined as unknown as Json;
  }
}

export interface AskOptions {
  token?: string;
  method?: string;
  timeoutMs?: number;
}

export async function ask(url: string, body?: unknown, options: AskOptions = {}): Promise<Answer> {
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

export interface Session {
  token: string;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, options?: AskOptions): Promise<Answer>;
  /** Every row of a paged call, until a short page. */
  all(path: string, body: object, list: string, take?: number): Promise<Json[]>;
}

export async function login(url: string, username = 'msp', password = 'secret'): Promise<Session> {
  const got = await ask(`${url}/api/Token/Get`, { username, password });
  if (got.status !== 200) throw new Error(`login: ${got.status} ${got.text}`);
  const token = str(got.json['accessToken'] ?? got.json['AccessToken']);
  const post: Session['post'] = (path, body, options) => ask(`${url}/api/${path}`, body, { token, ...options });
  return {
    token,
    post,
    get: (path) => ask(`${url}/api/${path}`, undefined, { token }),
    async all(path, body, list, take = 100) {
      const rows: Json[] = [];
      for (let skip = 0; skip < 1_000_000; skip += take) {
        const { json, status, text } = await post(path, { ...body, skip, take });
        if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
        const page = json[list] as unknown as Json[];
        rows.push(...page);
        if (page.length < take) return rows;
      }
      throw new Error('the list does not end');
    },
  };
}

/** What must be a text. */
export function str(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`not a text: ${JSON.stringify(value)}`);
  return value;
}

export const lower = (value: unknown): string => str(value).toLowerCase();
