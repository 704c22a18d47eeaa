// Makes text that upstream sent safe to store and to show: one line, no terminal control, no direction tricks.
// Promise kept here: a hostile name can neither forge a line of `kubectl get` nor grow an object without bound.

/** Longest text that is stored, in UTF-16 units (so never more than that many code points, which is what a CRD counts). */
const MAX_LENGTH = 253;

// What needs no cleaning: printable ASCII words with single spaces. Most names are like this.
const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

// ECMA-48 sequences: CSI (colours, cursor), terminated string commands (OSC, DCS, SOS, PM, APC), other two-byte escapes.
const ANSI =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[\x20-\x2f]*[\x30-\x7e]/g;

// Embeddings, overrides and isolates, which can make a name read as another. Plain right-to-left letters stay.
const BIDI_CONTROL = /[\u202a-\u202e\u2066-\u2069]/g;

// Controls, line and paragraph separators, lone surrogates (not encodable as UTF-8).
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/gu;

const SPACE = /\s+/g;

// Only characters that show nothing.
const INVISIBLE = /^[\s\p{Default_Ignorable_Code_Point}\p{Cf}]*$/u;

/**
 * One line of readable text out of anything that upstream sent: without control characters, ANSI escapes, bidi controls
 * and lone surrogates, white space collapsed and trimmed, at most 253 UTF-16 units (cut between code points, then `…`).
 * Empty if nothing visible is left. Idempotent. Commas and quotes stay: ESET's pages disagree on whether PROTECT refuses
 * such names or only drops the characters from tags (domain: protect §1.3), and we mirror, we do not correct.
 */
export function cleanText(text: string): string {
  if (text.length <= MAX_LENGTH && PLAIN.test(text)) return text;
  const line = text.replace(ANSI, '').replace(BIDI_CONTROL, '').replace(UNPRINTABLE, ' ').replace(SPACE, ' ').trim();
  if (INVISIBLE.test(line)) return '';
  return line.length <= MAX_LENGTH ? line : `${cut(line, MAX_LENGTH - 1).trimEnd()}…`;
}

/**
 * What is stored as `displayName` for a company that upstream calls `name`: one line of readable text, at most 253
 * characters; `(unnamed)` where nothing visible is left. Idempotent. Commas and quotes are kept (domain: protect §1.3).
 */
export function cleanDisplayName(name: string): string {
  return cleanText(name) || '(unnamed)';
}

/** The first `length` UTF-16 units, one fewer where that would split a surrogate pair. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits ? length - 1 : length);
}
