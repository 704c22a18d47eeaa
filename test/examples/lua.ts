// Runs a health check as Argo CD does: with `obj`, and of the libraries only the base and table ones. Argo CD's Lua is 5.1, this one
// 5.4; the checks use nothing in which the two differ.

import { LuaFactory } from 'wasmoon';

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** A Lua literal. Through text, so that the script sees tables of Lua and no bridge to JavaScript. */
function literal(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, field]) => `[${quoted(key)}] = ${literal(field)}`);
    return `{${fields.join(', ')}}`;
  }
  throw new Error(`${typeof value} in an object`);
}

/** Byte by byte, which holds for every text. */
function quoted(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}

const CLOSED = ['string', 'math', 'io', 'os', 'debug', 'coroutine', 'loadstring', 'dofile', 'loadfile'];

// One for all, since it takes long to start.
const lua = await new LuaFactory().createEngine();

/** @throws Error with what Lua says of the script */
export function healthOf(script: string, object: unknown): Health {
  // Not doString: it runs in a coroutine that is collected under its feet.
  const text: unknown = lua.doStringSync(`
    local ${CLOSED.join(', ')}
    local hs = (function(obj) ${script}
    end)(${literal(object)})
    return hs.status .. "\\n" .. (hs.message or "")`);
  const [status = '', ...message] = String(text).split('\n');
  return { status, message: message.join('\n') };
}
