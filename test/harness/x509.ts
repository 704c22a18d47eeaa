// Certificates for tests: authorities, and what they sign, valid for seconds if need be. Node reads X.509 but writes none, and
// openssl counts in days.

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** @param name its common name; to the API server, the user's */
  issue(name: string, options?: IssueOptions): Certificate;
}

export interface IssueOptions {
  /** Default: a day. */
  readonly validForMs?: number;
  /** DNS names of a server. */
  readonly names?: readonly string[];
  /** It is a server on 127.0.0.1. */
  readonly loopback?: boolean;
}

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension('551d13', sequence(Buffer.from('0101ff', 'hex')));
  const cert = certificate(name, name, publicKey, privateKey, DAY_MS, [isAuthority]);
  return {
    cert,
    key: pem(privateKey),
    issue: (subject, { validForMs = DAY_MS, names = [], loopback = false } = {}) => {
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const usage = ['2b06010505070301', '2b06010505070302']; // server, client
      const extensions = [extension('551d25', sequence(...usage.map(oid)))];
      const alternatives = names.map((each) => der(0x82, Buffer.from(each)));
      if (loopback) alternatives.push(der(0x87, Buffer.from([127, 0, 0, 1])));
      if (alternatives.length > 0) extensions.push(extension('551d11', sequence(...alternatives)));
      const signed = certificate(subject, name, keys.publicKey, privateKey, validForMs, extensions);
      return { cert: signed, key: pem(keys.privateKey) };
    },
  };
}

function certificate(
  subject: string,
  issuer: string,
  subjectKey: KeyObject,
  issuerKey: KeyObject,
  validForMs: number,
  extensions: readonly Buffer[],
): string {
  const now = Date.now();
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    nameOf(issuer),
    sequence(time(now - DAY_MS), time(now + validForMs)),
    nameOf(subject),
    subjectKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, issuerKey)]);
  const whole = sequence(toBeSigned, ECDSA_SHA256, der(0x03, signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

/** A critical one. */
function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), Buffer.from('0101ff', 'hex'), der(0x04, value));
}

function nameOf(common: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(common)))));
}

/** UTCTime, in whole seconds. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${text}Z`));
}
