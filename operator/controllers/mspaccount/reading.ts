// Reads upstream for one sync: the tree, then Company/Detail of what is absent from it; once more, at once, where a company
// that was not listed turns out to be there. The one way, for the controller and for the preview.
// Promise 2, absence is not deletion: a company that moved while the tree was read is neither lost nor shown twice.

import { isComplete, type Company, type Confirmation, type Snapshot } from '../../hierarchy/snapshot.ts';
import type { CrawlProgress, CrawlResult, Ema2Client } from '../../upstream/client.ts';

export interface Reading<Objection> {
  /** Which companies to ask for by name. */
  readonly questions: (snapshot: Snapshot) => readonly string[];
  /** What forbids to go on with a tree of this root; `null`: nothing. */
  readonly objection: (root: Company) => Objection | null;
  readonly onProgress: (progress: CrawlProgress) => void;
  /** Called for each crawl when upstream has named the own company; the rest is read when it resolves. */
  readonly onAnswer: () => Promise<void>;
}

export type ReadResult<Objection> =
  | {
      readonly kind: 'read';
      readonly snapshot: Snapshot;
      readonly confirmations: ReadonlyMap<string, Confirmation>;
      /** Of the crawls. */
      readonly requests: number;
      /** Upstream was dead before every company had been asked for. */
      readonly gaveUp: boolean;
    }
  | { readonly kind: 'objected'; readonly objection: Objection; readonly root: Company }
  | Exclude<CrawlResult, { kind: 'snapshot' }>;

export async function readTree<Objection>(
  upstream: Pick<Ema2Client, 'crawl' | 'confirm'>,
  reading: Reading<Objection>,
  signal: AbortSignal,
): Promise<ReadResult<Objection>> {
  const first = await readOnce(upstream, reading, signal);
  if (first.kind !== 'read' || !hasUnlisted(first.snapshot, first.confirmations)) return first;
  // Not more than once: an upstream that never lists a company of its own must not be read over and over.
  const second = await readOnce(upstream, reading, signal);
  const requests = first.requests + ('requests' in second ? second.requests : 0);
  const isWorse =
    second.kind === 'failed' || (second.kind === 'read' && isComplete(first.snapshot) && !isComplete(second.snapshot));
  return isWorse ? { ...first, requests } : second.kind === 'read' ? { ...second, requests } : second;
}

async function readOnce<Objection>(
  upstream: Pick<Ema2Client, 'crawl' | 'confirm'>,
  { questions, objection, onProgress, onAnswer }: Reading<Objection>,
  signal: AbortSignal,
): Promise<ReadResult<Objection>> {
  const crawl = await upstream.crawl(signal, onProgress, onAnswer);
  if (crawl.kind !== 'snapshot') return crawl;
  const { snapshot, requests, gaveUp } = crawl;
  const objected = objection(snapshot.root);
  if (objected !== null) return { kind: 'objected', objection: objected, root: snapshot.root };
  const ids = questions(snapshot);
  const confirmations = ids.length === 0 ? new Map<string, Confirmation>() : await upstream.confirm(ids, signal);
  return { kind: 'read', snapshot, confirmations, requests, gaveUp };
}

/** Is a company there of all those that were asked for because they were not listed? */
function hasUnlisted({ root }: Snapshot, confirmations: ReadonlyMap<string, Confirmation>): boolean {
  for (const [id, confirmation] of confirmations) if (confirmation === 'Present' && id !== root.id) return true;
  return false;
}
