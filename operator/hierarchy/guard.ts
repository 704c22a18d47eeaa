// Decides which absent companies are unlinked, which have to wait, and when all of them are held.
// Promises kept here: absence is not deletion; a blast is stopped; an approval releases exactly the set that it names,
// once; crash-safe (a plan that was applied in part leads to the same verdict for the rest).

import { createHash } from 'node:crypto';
import { absenceOf, unlinkedAt, unlinkedReason } from './absence.ts';
import type { CompanyLinks } from './absence.ts';
import type { UnlinkVerdict } from './action.ts';
import type { ExistingCustomer, ExistingGroup, Linked, LinkedSince } from './objects.ts';
import { reachOf } from './reach.ts';
import type { Reach } from './reach.ts';
import { isComplete } from './snapshot.ts';
import type { Confirmation, Snapshot } from './snapshot.ts';
import { buildTree } from './tree.ts';
import type { Tree } from './tree.ts';

const DAY = 86_400_000;
const SAMPLE = 20;

/** What the guard needs to know; a `PlanInput` is one. */
export interface JudgeInput {
  readonly snapshot: Snapshot;
  /** `buildTree(snapshot)`, where it is at hand. */
  readonly tree?: Tree;
  /** `reachOf(snapshot)`, where it is at hand. */
  readonly reaches?: Reach;
  readonly groups: readonly ExistingGroup[];
  readonly customers: readonly ExistingCustomer[];
  /** By lower-case GUID; asked for in this sync, after the snapshot. */
  readonly confirmations: ReadonlyMap<string, Confirmation>;
  readonly unlinkLimit: { readonly percent: number; readonly count: number };
  /** The annotation `mspoperator.dev/approve-unlink`. */
  readonly approvedHash: string | null;
  /** `status.sync.blockedAt`, RFC 3339; `null` while nothing is held. */
  readonly blockedAt: string | null;
  /** ms since the epoch. */
  readonly now: number;
}

/** The verdict, and what it makes of each absent company that something was concluded about. */
export interface Judgement extends UnlinkVerdict {
  /** By lower-case GUID; apply to each object with `marked`. */
  readonly marks: ReadonlyMap<string, Linked>;
}

/**
 * Judges the absent companies.
 *
 * The limit: `min(count, max(1, floor(percent / 100 × linked companies)))` over a rolling 24 h. Linked are the companies
 * that are not unlinked once the plan is applied, so those that it creates, too: a verdict must not change by being
 * carried out. Companies unlinked within these 24 h use the limit up and still count as linked, so that the base does
 * not shrink under it.
 *
 * Over the limit, and whenever the snapshot shows nothing but the root, none is unlinked and all candidates are held; so
 * is a company held before that gives no usable answer now: a bad hour upstream must neither shrink the held set below
 * the limit nor change the hash.
 *
 * An incomplete snapshot says nothing of what it does not reach: that stays as it is, and what was held there stays held.
 * Of what it reaches, a 404 counts, under the same limit and the same approval: one branch that is broken for weeks must
 * not keep a removal elsewhere back. That a company is not visible counts in complete snapshots only.
 *
 * The approved set may be larger than the limit. What of it was unlinked since `blockedAt` still belongs to it: killed
 * half-way, a restart finds the same hash and finishes. So does a company of which one object is unlinked and the other
 * is not yet, since finishing it must not change the hash. The approval ends when nothing is held and the caller clears `blockedAt`.
 */
export function judge(input: JudgeInput): Judgement {
  const { now } = input;
  const complete = isComplete(input.snapshot);
  const tree = input.tree ?? buildTree(input.snapshot);
  const reaches = input.reaches ?? reachOf(input.snapshot, tree.seen, input.groups);
  const companies = linksByCompany(input.groups, input.customers);
  const { linked, used, gone, unfinished, waiting, half, once } = weigh(input, tree, reaches, companies);

  const { percent, count } = input.unlinkLimit;
  const limit = Math.min(count, Math.max(1, Math.floor((percent * linked) / 100)));
  const allowed = Math.max(0, limit - used);
  const wanted = [...gone.keys(), ...waiting];
  const nothingButRoot = tree.seen.size === 1;
  const withinLimit = !nothingButRoot && wanted.length <= allowed;

  const previous = input.blockedAt !== null && Number.isFinite(Date.parse(input.blockedAt)) ? input.blockedAt : null;
  const blockedAt = previous ?? rfc3339(now);
  const done = unlinkedSince(companies, tree, Date.parse(blockedAt));
  const hash = planHash(tree.root.id, blockedAt, [...wanted, ...half, ...done]);
  const approved = previous !== null && input.approvedHash === hash && (complete || !nothingButRoot);

  const marks = new Map<string, Linked>();
  for (const id of once) marks.set(id, { status: 'Unknown', reason: 'AbsentOnce' });
  const releases = withinLimit || approved;
  for (const [id, mark] of gone) marks.set(id, releases ? mark : { status: 'Unknown', reason: 'UnlinkHeld' });
  const finishes = approved || !nothingButRoot;
  if (finishes) for (const [id, mark] of unfinished) marks.set(id, mark);

  const unlinked = [...(releases ? gone.keys() : []), ...(finishes ? unfinished.keys() : [])].sort();
  // Within the limit by now: only a complete snapshot ends the block of those that gave no answer.
  const held = withinLimit && complete ? [] : releases ? waiting : wanted;
  if (held.length === 0) return { marks, unlinked, blocked: null };
  const names = held.map((id) => companies.get(id)?.displayName ?? id).sort();
  const sample = names.slice(0, SAMPLE);
  return { marks, unlinked, blocked: { count: held.length, allowed, sample, planHash: hash, blockedAt } };
}

/** What the objects and the answers say, before any limit. All ids are lower-case GUIDs. */
interface Weighed {
  /** Companies that the limit is a share of. */
  readonly linked: number;
  /** Companies unlinked within 24 h. */
  readonly used: number;
  /** May be unlinked, so. */
  readonly gone: Map<string, Linked>;
  /** One object was unlinked just before a crash, the other is to follow: the company is in `used` already. */
  readonly unfinished: Map<string, Linked>;
  /** Held before, and without a usable answer now. */
  readonly waiting: string[];
  /** All of which one object was unlinked within 24 h and another was not, whatever the answer. */
  readonly half: string[];
  /** Not visible, and not for long enough. */
  readonly once: string[];
}

function weigh(input: JudgeInput, tree: Tree, reaches: Reach, companies: ReadonlyMap<string, CompanyLinks>): Weighed {
  const { now, confirmations } = input;
  const complete = isComplete(input.snapshot);
  // "Not visible" means nothing while upstream does not even answer for the login's own company, or hides a branch.
  const sees = complete && confirmations.get(tree.root.id) === 'Present';
  const lists = { waiting: [] as string[], half: [] as string[], once: [] as string[] };
  const maps = { gone: new Map<string, Linked>(), unfinished: new Map<string, Linked>() };
  let linked = tree.nodes.size;
  let used = 0;
  for (const company of companies.values()) {
    const { id } = company;
    // What has a place in the tree is linked, or is linked again by this plan: it costs nothing.
    if (tree.nodes.has(id)) continue;
    const at = unlinkedAt(company);
    const recent = at !== null && at > now - DAY;
    const open = company.links.some((link) => link.status !== 'False');
    if (recent) used++;
    if (open || recent) linked++;
    if (!open || tree.seen.has(id)) continue;
    if (recent) lists.half.push(id);

    let confirmation = reaches(id) ? confirmations.get(id) : undefined;
    if (confirmation === 'NotVisible' && !sees) confirmation = 'NoAnswer';
    const absence = absenceOf(company, confirmation, now);
    const earlier = recent ? unlinkedReason(company) : null;
    if (earlier && (confirmation === 'Gone' || confirmation === 'NotVisible')) {
      maps.unfinished.set(id, { status: 'False', reason: earlier });
    } else if (absence.kind === 'Gone') {
      maps.gone.set(id, { status: 'False', reason: absence.reason });
    } else if (absence.kind === 'AbsentOnce') {
      lists.once.push(id);
      if (isHeld(company)) lists.waiting.push(id);
    } else if (absence.kind === 'Waiting' && !recent) {
      lists.waiting.push(id);
    }
  }
  return { linked, used, ...lists, ...maps };
}

/**
 * The hash that an approval has to carry: the first 16 hex digits of SHA-256 over the root, since when it is held, and
 * the sorted ids, each on a line. Nothing else, so that a rename does not change it.
 */
export function planHash(rootID: string, blockedAt: string, ids: Iterable<string>): string {
  const lines = [rootID, blockedAt, ...[...new Set(ids)].sort()];
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16);
}

/** The companies unlinked since a time, but for those that are back. */
function* unlinkedSince(companies: ReadonlyMap<string, CompanyLinks>, tree: Tree, since: number): Generator<string> {
  for (const [id, company] of companies) {
    const at = unlinkedAt(company);
    if (at !== null && at >= since && !tree.nodes.has(id)) yield id;
  }
}

function isHeld(company: CompanyLinks): boolean {
  return company.links.some((linked) => linked.reason === 'UnlinkHeld');
}

function linksByCompany(
  groups: readonly ExistingGroup[],
  customers: readonly ExistingCustomer[],
): ReadonlyMap<string, CompanyLinks> {
  const companies = new Map<string, CompanyLinks & { readonly links: LinkedSince[] }>();
  const add = (companyID: string, displayName: string, linked: LinkedSince): void => {
    const id = companyID.toLowerCase();
    const company = companies.get(id);
    if (company) company.links.push(linked);
    else companies.set(id, { id, displayName, links: [linked] });
  };
  for (const group of groups) add(group.companyID, group.displayName, group.linked);
  for (const customer of customers) {
    add(customer.companyID, customer.mirror?.displayName ?? customer.name, customer.linked);
  }
  return companies;
}

/** A time in seconds, as Kubernetes writes them. */
function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
