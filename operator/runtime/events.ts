// Events of events.k8s.io/v1 for people. Told and forgotten: nobody waits for one and nothing depends on one. The same event
// again within some minutes is a repetition (series) of the first; an object has a bounded number; so has the waiting line.

import type { KubeClient } from './client.ts';
import { microTime } from './clock.ts';
import { randomID, type Deps } from './deps.ts';
import { isNotFound } from './errors.ts';
import { RateLimit, Recent, type Series } from './event-series.ts';
import type { Resource } from './object.ts';

export interface EventRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface EventRecorderOptions extends Deps {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Qualified name of the program, as `example.com/operator`. */
  readonly reportingController: string;
  /** Which one of its instances: the pod's name. */
  readonly reportingInstance: string;
  /** The same event within this time is a repetition. Default: 10 min. */
  readonly seriesMs?: number;
  /** Repetitions are written at most this often. Default: 30 s. */
  readonly seriesWriteMs?: number;
  /** Different events that one object may have at once … Default: 20. */
  readonly burst?: number;
  /** … and the time after which it may have one more. Default: 1 min. */
  readonly refillMs?: number;
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const MAX_NOTE_BYTES = 1024;
const MAX_WAITING = 1000;
const MAX_REMEMBERED = 4096;
const SENDERS = 4;
const TIMEOUT_MS = 10_000;

type Outcome = 'sent' | 'failed' | 'dropped' | 'limited' | 'aggregated';

/** `R`: the reasons that the program has. */
export class EventRecorder<R extends string = string> {
  readonly #options: EventRecorderOptions;
  readonly #series = new Recent<Series>(MAX_REMEMBERED);
  readonly #limit: RateLimit;
  readonly #count: (outcome: Outcome) => void;
  readonly #timers = new Map<Series, () => void>();
  readonly #waiting: (() => Promise<void>)[] = [];
  #sending = 0;
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#limit = new RateLimit(options.burst ?? 20, options.refillMs ?? 60_000, MAX_REMEMBERED);
    const events = options.metrics.counter(
      `${options.metrics.prefix}events_total`,
      'Events by what became of them: sent, aggregated into an earlier one, limited, dropped or failed.',
      ['outcome'],
    );
    this.#count = (outcome) => events.inc({ outcome });
  }

  event(ref: EventRef, type: 'Normal' | 'Warning', reason: R, action: string, note: string): void {
    if (this.#closed) {
      this.#count('dropped');
      return;
    }
    const { clock, seriesMs = 600_000 } = this.#options;
    const text = cutNote(note);
    const identity = JSON.stringify([ref.kind, ref.namespace, ref.name, ref.uid, type, reason, action, text]);
    const now = clock.now();
    const known = this.#series.get(identity);
    if (known !== undefined && now - known.lastSeenAt < seriesMs) {
      known.count++;
      known.lastSeenAt = now;
      this.#count('aggregated');
      this.#writeSeriesSoon(identity, known);
      return;
    }
    if (!this.#limit.take(`${ref.kind}/${ref.uid}`, now)) {
      this.#count('limited');
      return;
    }
    const path = { namespace: ref.namespace === '' ? 'default' : ref.namespace, name: this.#nameFor(ref, now) };
    const created = Promise.withResolvers<boolean>();
    this.#series.set(identity, { path, count: 1, lastSeenAt: now, created: created.promise, pending: false });
    const create = async (signal: AbortSignal): Promise<void> => {
      const event = {
        metadata: path,
        eventTime: microTime(now),
        reportingController: this.#options.reportingController,
        reportingInstance: this.#options.reportingInstance.slice(0, 128),
        action,
        reason,
        type,
        note: text,
        regarding: { ...ref },
      };
      try {
        await this.#options.client.create(EVENTS, path.namespace, event, { signal });
        created.resolve(true);
      } catch (error) {
        created.resolve(false);
        // The next one starts afresh.
        this.#series.delete(identity);
        throw error;
      }
    };
    if (this.#send(create)) return;
    created.resolve(false);
    this.#series.delete(identity);
  }

  /** Sends what waits, repetitions included; takes nothing new. What is not sent by the deadline is given up. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    for (const [series, cancel] of this.#timers) {
      cancel();
      this.#writeSeries(null, series);
    }
    this.#timers.clear();
    if (this.#sending === 0) return;
    let cancel: (() => void) | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#idle.push(resolve)),
      new Promise<void>((resolve) => {
        cancel = this.#options.clock.after(deadlineMs, resolve);
      }),
    ]);
    cancel?.();
    for (const _ of this.#waiting.splice(0)) this.#count('dropped');
  }

  #writeSeriesSoon(identity: string, series: Series): void {
    if (series.pending) return;
    series.pending = true;
    const { clock, seriesWriteMs = 30_000 } = this.#options;
    const cancel = clock.after(seriesWriteMs, () => {
      this.#timers.delete(series);
      this.#writeSeries(identity, series);
    });
    this.#timers.set(series, cancel);
  }

  #writeSeries(identity: string | null, series: Series): void {
    series.pending = false;
    const { count, lastSeenAt } = series;
    this.#send(async (signal) => {
      if (!(await series.created)) return;
      const patch = { series: { count, lastObservedTime: microTime(lastSeenAt) } };
      try {
        await this.#options.client.patch(EVENTS, series.path, patch, { signal });
      } catch (error) {
        // Expired on the server: the next one starts afresh.
        if (isNotFound(error) && identity !== null) this.#series.delete(identity);
        throw error;
      }
    });
  }

  /** False if too many wait already. They are sent in order, so that one may wait for an earlier one. */
  #send(call: (signal: AbortSignal) => Promise<void>): boolean {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#count('dropped');
      return false;
    }
    this.#waiting.push(async () => {
      const limit = new AbortController();
      const cancel = this.#options.clock.after(TIMEOUT_MS, () => limit.abort(new Error('event: time limit')));
      try {
        await call(limit.signal);
        this.#count('sent');
      } catch (error) {
        this.#count('failed');
        this.#options.log.debug({ err: error }, 'event not sent');
      } finally {
        cancel();
      }
    });
    this.#pump();
    return true;
  }

  #pump(): void {
    while (this.#sending < SENDERS) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#sending++;
      void next().finally(() => {
        this.#sending--;
        this.#pump();
      });
    }
    if (this.#sending === 0) for (const tell of this.#idle.splice(0)) tell();
  }

  /** As client-go: the object's name, a dot, the time; with some chance added, for two events in the same millisecond. */
  #nameFor(ref: EventRef, now: number): string {
    return `${ref.name.slice(0, 220).replace(/[^a-z0-9]+$/, '')}.${now.toString(16)}${randomID(this.#options.random, 6)}`;
  }
}

/** At most 1 kB of UTF-8, not cut inside a character. */
export function cutNote(note: string): string {
  const bytes = Buffer.from(note, 'utf8');
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  let end = MAX_NOTE_BYTES - 3;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}
