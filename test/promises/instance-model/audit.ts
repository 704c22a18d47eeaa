// Promise 5 over one walk, judged by what the simulator's ledger says was done, what went over the wire, and every version that the
// objects had. Where upstream enforces nothing, what it let through is judged by what the operator had been told in that pass.

import type { LedgerEntry } from '../../simulator/simulator.ts';
import { violations } from '../../simulator/simulator.ts';
import { FINALIZER_CREATING_SERVICE } from '../../../operator/api/v1alpha1/group.ts';
import { viewInstance, type InstanceView } from '../../../operator/controllers/protectinstance/instance.ts';
import type { Version } from './history.ts';
import type { Exchange } from './wire.ts';

export interface Evidence {
  readonly enforce: boolean;
  readonly ledger: readonly LedgerEntry[];
  readonly exchanges: readonly Exchange[];
  readonly objects: ReadonlyMap<string, readonly Version[]>;
  /** `uid id`: what a person confirmed. */
  readonly confirmed: ReadonlySet<string>;
  /** When two minutes passed for a create. */
  readonly aged: readonly { readonly uid: string; readonly at: number }[];
  /** Instances of which upstream did not tell the truth at some time. */
  readonly relabelled: ReadonlySet<string>;
}

/** From a version of an object to the operator's acting on it, without anything being late. */
const NEWS_MS = 250;

export function auditWalk(evidence: Evidence): string[] {
  return [
    ...byLedger(evidence),
    ...evidence.exchanges.flatMap((each) => [...removalOf(each, evidence), ...creationOf(each, evidence)]),
    ...[...evidence.objects].flatMap(([uid, versions]) => lifeOf(uid, versions, evidence)),
  ];
}

function byLedger({ enforce, ledger, relabelled }: Evidence): string[] {
  return violations(ledger, ['EMA2', 'EBA']).filter((what) => {
    if (!what.startsWith('operator ')) return false;
    // What upstream said a moment before is judged on the wire.
    if ([...relabelled].some((id) => what.includes(`remove ${id} as`) || what.includes(`removed ${id} as`)))
      return false;
    // Let through after a list that showed none: judged on the wire.
    return enforce || !/^operator created .* lives/.test(what);
  });
}

/** The list of this request's pass: the one that may be it and is the best to act on. */
function toldIn({ lists }: Exchange, good: (list: Exchange) => boolean): Exchange | undefined {
  const answered = lists.filter(({ instances }) => instances !== null);
  return answered.find(good) ?? answered[0];
}

function removalOf(exchange: Exchange, evidence: Evidence): string[] {
  if (exchange.operation !== 'remove') return [];
  const { id, service, at, objects } = exchange;
  const say = (what: string): string[] => [`a removal of ${id} as ${service} was sent ${what}`];
  const rowOf = (one: Exchange | undefined) => one?.instances?.find((each) => each.id === id);
  const list = toldIn(exchange, (one) => rowOf(one)?.creatingService === service);
  const row = rowOf(list);
  if (list === undefined || row === undefined) return say('without a list in the same pass that shows it');
  if (row.creatingService !== service) return say(`after a list that named ${row.creatingService}`);
  if (row.state === 'Deleting' || row.state === 'Deleted') return say(`after a list that showed it ${row.state}`);

  const asking = objects
    .map(viewInstance)
    .filter(({ uid, status, deleting }) => deleting && (status.instanceID === id || row.requestKey === uid));
  const own = asking.filter(({ spec }) => spec.service === service);
  if (own.length === 0)
    return say(`for no object of that service that is being deleted (${asking.map(describe).join()})`);
  // A person may think better of it while a pass is under way, but not before it began.
  const meant = own.some((view) => {
    const meanwhile = (evidence.objects.get(view.uid) ?? []).filter((version, i, all) => {
      const until = all[i + 1]?.at ?? Infinity;
      return until >= list.at - NEWS_MS && version.at <= at;
    });
    return [view, ...meanwhile.map((version) => version.view)].some(
      (each) =>
        each.confirmRemoval === id &&
        evidence.confirmed.has(`${each.uid} ${id}`) &&
        each.spec.deletionPolicy !== 'Orphan' &&
        [undefined, service].includes(each.status.creatingService),
    );
  });
  return meant ? [] : say(`that nobody had confirmed when the pass began (${own.map(describe).join()})`);
}

function creationOf(exchange: Exchange, evidence: Evidence): string[] {
  if (exchange.operation !== 'create') return [];
  const { key, objects, exchanges } = { ...evidence, ...exchange };
  const say = (what: string): string[] => [`a create with the key ${key} was sent ${what}`];
  const list = toldIn(exchange, ({ instances }) => instances?.every(({ state }) => state === 'Deleted') === true);
  if (list?.instances === undefined || list.instances === null) return say('without a list in the same pass');
  const live = list.instances.find(({ state }) => state !== 'Deleted');
  if (live !== undefined) return say(`after a list that showed ${live.id} ${live.state}`);
  if (list.instances.some(({ requestKey }) => requestKey === key))
    return say('after a list that showed what came of it');

  const view = objects.map(viewInstance).find(({ uid }) => uid === key);
  if (view === undefined) return say('for no object that exists');
  if (!view.finalizers.includes(FINALIZER_CREATING_SERVICE)) return say('for an object without the finalizer');
  if (view.status.createStartedAt === undefined) return say('before the object said that it begins');
  const had = evidence.objects
    .get(view.uid)
    ?.find((version) => version.at < exchange.at && version.view.status.instanceID);
  if (view.status.instanceID !== undefined || had !== undefined) return say('for an object that has had an instance');
  // Level by level: a person's wish that was there before the pass began.
  const wished = evidence.objects.get(view.uid)?.findLast((version) => version.at <= list.at - NEWS_MS);
  if (wished?.view.deleting === true) return say('for an object that was being deleted when the pass began');
  if (wished?.view.spec.suspend === true && view.spec.suspend === true) return say('for an object that is suspended');

  const earlier = exchanges.findLast((each) => each.n < exchange.n && each.key === key && each.operation === 'create');
  if (earlier === undefined || isRefusal(earlier)) return [];
  const settled = evidence.aged.some(({ uid, at }) => uid === key && at > earlier.at && at < exchange.at);
  return settled ? [] : say('again before it was certain what had come of the one before');
}

/** A definite no, in the words of the contract. */
function isRefusal({ status }: Exchange): boolean {
  return status === 400 || status === 403 || status === 409;
}

function lifeOf(uid: string, versions: readonly Version[], { ledger }: Evidence): string[] {
  const found: string[] = [];
  let id: string | undefined;
  let protectedOnce = false;
  for (const { at, gone, view } of versions) {
    const say = (what: string): number => found.push(`${view.name} (${uid}) ${what}`);
    const { instanceID } = view.status;
    if (id !== undefined && instanceID !== id) say(`stood for ${id}, then for ${instanceID}`);
    id ??= instanceID;
    const isProtected = !gone && view.finalizers.includes(FINALIZER_CREATING_SERVICE);
    const dropped = !isProtected && (protectedOnce || gone);
    protectedOnce ||= isProtected;
    if (!dropped || view.spec.deletionPolicy === 'Orphan') continue;
    if (!view.deleting && !gone) say('lost its finalizer while it was not being deleted');
    const made = ledger.find(({ action, requestKey }) => action === 'created' && requestKey === uid);
    for (const each of new Set([id, made?.instanceID ?? undefined])) {
      if (each !== undefined && livesAt(ledger, each, at)) say(`was let go of while ${each} lives`);
    }
  }
  return [...new Set(found)];
}

/** Also one that comes later: it was under way. */
function livesAt(ledger: readonly LedgerEntry[], id: string, at: number): boolean {
  const of = ledger.filter(({ instanceID }) => instanceID === id);
  return (
    of.some(({ action }) => action === 'created') && !of.some(({ action, time }) => action === 'gone' && time <= at)
  );
}

function describe({ name, deleting, confirmRemoval, spec, status }: InstanceView): string {
  const said = [spec.service, spec.deletionPolicy, deleting && 'deleting', `confirms ${confirmRemoval}`];
  return `${name}: ${[...said, status.creatingService].filter(Boolean).join(' ')}`;
}
