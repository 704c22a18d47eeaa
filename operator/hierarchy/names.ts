// Names of children: the object name, given once and kept for ever, and the display name, which follows upstream.
// Promise kept here: one company, one object (names are deterministic, so two creations of one company collide).

import { createHash } from 'node:crypto';
import { slug } from './slug.ts';
import { cleanText } from './text.ts';

export { cleanDisplayName } from './text.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HASH_LENGTH = 13;
/** Longest DNS-1123 label. */
const MAX_NAME = 63;

/**
 * The object name that a company gets when its first object is created: a readable slug of its name and 13 characters
 * of base32 over (account name, company GUID), at most 63 characters, a valid DNS-1123 label. Without anything
 * readable: `company-<hash>`. The GUID counts in any case. Identity is the hash; the slug only helps people.
 */
export function childName(accountName: string, companyID: string, displayName: string): string {
  const readable = slug(cleanText(displayName), MAX_NAME - HASH_LENGTH - 1) || 'company';
  return `${readable}-${childHash(accountName, companyID)}`;
}

/** The last 13 characters of a child's name: lower-case base32 of SHA-256(account name, NUL, lower-case GUID). */
export function childHash(accountName: string, companyID: string): string {
  const digest = createHash('sha256').update(`${accountName}\0${companyID.toLowerCase()}`).digest();
  let hash = '';
  let bits = 0;
  let held = 0;
  for (let byte = 0; hash.length < HASH_LENGTH; byte++) {
    bits = ((bits << 8) | (digest[byte] ?? 0)) & 0xfff;
    held += 8;
    while (held >= 5 && hash.length < HASH_LENGTH) {
      held -= 5;
      hash += BASE32[(bits >> held) & 31];
    }
  }
  return hash;
}
