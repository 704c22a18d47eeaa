// Looks at every object at the end of every test: the rules that kstatus and Flux rely on, one object for each company, and no
// secret anywhere.

import { CONDITIONS, statusesOf, type ConditionDoc } from '../../operator/api/v1alpha1/conditions.ts';
import type { ConditionSeen, Thing } from './world.ts';

/** What is wrong with these objects, in words; empty if nothing is. */
export function checkObjects(objects: readonly Thing[]): string[] {
  return [...objects.flatMap(checkObject), ...checkCompanies(objects)];
}

/** Where one of these secrets appears, plain or encoded in whatever way programs do; empty if nowhere. */
export function checkSecrets(secrets: readonly string[], outputs: Readonly<Record<string, string>>): string[] {
  return secrets.flatMap((secret) =>
    formsOf(secret).flatMap(([form, text]) =>
      Object.entries(outputs)
        .filter(([, output]) => output.includes(text))
        .map(([where]) => `a credential appears (${form}) in: ${where}`),
    ),
  );
}

/** The forms in which a secret may slip out. Each is long enough not to be found by chance if the secret is. */
export function formsOf(secret: string): [form: string, text: string][] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const html = secret.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const named = secret
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
  const forms: [string, string][] = [
    ['plain', secret],
    ['JSON', json],
    ['JSON in JSON', JSON.stringify(json).slice(1, -1)],
    ['ASCII JSON', ascii],
    ['HTML, as Go writes it', json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)],
    ['HTML', html],
    ['HTML', named],
    ['URL', encodeURIComponent(secret)],
    ['form', new URLSearchParams([['', secret]]).toString().slice(1)],
    ['hex', Buffer.from(secret).toString('hex')],
    ...[0, 1, 2].flatMap((offset): [string, string][] => {
      const text = base64Within(secret, offset);
      return [
        ['base64', text],
        ['base64url', text.replaceAll('+', '-').replaceAll('/', '_')],
      ];
    }),
  ];
  return forms.filter(([, text], at) => forms.findIndex(([, other]) => other === text) === at);
}

/** What a base64 text shows of a secret that begins `offset` bytes into it, modulo 3: without the characters it shares. */
function base64Within(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  return bytes.toString('base64').slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

function checkObject(object: Thing): string[] {
  const { kind, metadata, status } = object;
  const problems: string[] = [];
  const wrong = (what: string) => problems.push(`${kind} ${metadata.name}: ${what}`);
  const conditions = (status?.conditions ?? []) as ConditionSeen[];
  const is = (type: string) => conditions.find((condition) => condition.type === type);

  const table = documented(kind);
  const types = conditions.map(({ type }) => type);
  if (new Set(types).size !== types.length) wrong(`a condition twice: ${types.join(', ')}`);
  for (const { type, status: value, reason, message, lastTransitionTime, observedGeneration } of conditions) {
    if (!['True', 'False', 'Unknown'].includes(value)) wrong(`${type} is ${value}`);
    if (!/^[A-Z][A-Za-z0-9]*$/.test(reason)) wrong(`${type} has the reason "${reason}"`);
    const known = table[type];
    if (known === undefined) wrong(`the condition ${type}, which is not documented`);
    else if (!statusesOf(known, reason).includes(value)) wrong(`${type}=${value}/${reason}, which is not documented`);
    if (message.trim() === '') wrong(`${type} has no message`);
    if (Number.isNaN(Date.parse(lastTransitionTime))) wrong(`${type} has the time "${lastTransitionTime}"`);
    if ((observedGeneration ?? 0) > metadata.generation) wrong(`${type} has observed a generation to come`);
  }
  if ((status?.observedGeneration ?? 0) > metadata.generation) wrong('observedGeneration is ahead of the object');

  if (kind === 'MSPAccount' || kind === 'ProtectInstance') {
    if (is('Ready') === undefined) wrong('no condition Ready');
    if (is('Ready')?.status === 'True' && is('Reconciling') !== undefined) wrong('Ready and Reconciling');
    if (is('Ready')?.status === 'True' && is('Stalled') !== undefined) wrong('Ready and Stalled');
    if (is('Reconciling') !== undefined && is('Stalled') !== undefined) wrong('Reconciling and Stalled');
    for (const type of ['Reconciling', 'Stalled'] as const) {
      if (is(type) !== undefined && is(type)?.status !== 'True') wrong(`${type} is there without being True`);
    }
    const settled = is('Ready')?.status === 'False' && object.spec.suspend !== true;
    if (settled && is('Reconciling') === undefined && is('Stalled') === undefined) {
      wrong('not Ready, and neither Reconciling nor Stalled');
    }
    if (is('Ready')?.reason === 'Synchronized' && is('Synchronized')?.status !== 'True') {
      wrong('Ready says Synchronized, the condition Synchronized does not');
    }
  } else {
    if (is('Linked') === undefined) wrong('no condition Linked');
    // With one of these kstatus would not read a child as Current.
    for (const type of ['Ready', 'Reconciling', 'Stalled']) if (is(type) !== undefined) wrong(`a child with ${type}`);
    if (status?.observedGeneration !== undefined) wrong('a child with observedGeneration');
  }
  if (kind === 'Customer' && status?.phase !== undefined) {
    const linked = is('Linked')?.status;
    if ((status.phase === 'Unlinked') !== (linked === 'False')) wrong(`phase ${status.phase} with Linked=${linked}`);
    const icons: Record<string, string> = {
      NotSetUp: 'company_no_setup',
      Normal: 'msp_customer_normal',
      Unlinked: 'company_unlinked',
    };
    if (status.icon !== icons[status.phase as string]) wrong(`phase ${status.phase} with icon ${status.icon}`);
  }
  return problems;
}

/** The conditions that a kind can show, with their reasons, as documented. */
function documented(kind: string): Readonly<Record<string, ConditionDoc>> {
  const table: Readonly<Record<string, ConditionDoc>> = CONDITIONS[kind as keyof typeof CONDITIONS];
  const ready = table['Ready'];
  if (ready === undefined) return table;
  const repeated = { ...ready, reasons: mapValues(ready.reasons, (doc) => ({ ...doc, status: 'True' as const })) };
  return { ...table, Reconciling: repeated, Stalled: repeated };
}

function mapValues<T, U>(of: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));
}

/** Promise 1: one company, one object. */
function checkCompanies(objects: readonly Thing[]): string[] {
  const seen = new Map<string, string>();
  const problems: string[] = [];
  for (const { kind, metadata, spec } of objects) {
    if (kind === 'MSPAccount' || kind === 'ProtectInstance') continue;
    const identity = `${kind} ${spec.accountRef.name}/${String(spec.companyID).toLowerCase()}`;
    const other = seen.get(identity);
    if (other !== undefined) problems.push(`${identity}: both ${other} and ${metadata.name}`);
    seen.set(identity, metadata.name);
  }
  return problems;
}
