// Leader election on a Lease, with the semantics of client-go. Promises kept here:
// * Of the holder's time nothing is believed: a lease has expired when it was seen unchanged for its duration by our own
//   monotonic clock.
// * The leader stops in its own reckoning before the others may begin: it leads until `renewDeadlineMs` after it SENT the
//   last renewal that was confirmed, the others wait `leaseDurationMs` from when they SAW it. In between lie
//   `leaseDurationMs - renewDeadlineMs`, for clocks of different speed and for writes still under way.
// * A candidate does not wait for its next look: it is told when the lease changes, so that it counts from the renewal itself, and
//   follows a leader that gives the lease away at once. Whatever it is told, only what it then reads counts.
// * Once lost, it is lost: it never leads again, also if the lease turns out to be still in its name.
//
// What it does not promise, and nobody can with a lease alone: that no write of a former leader arrives late. Those are
// harmless only because updates and deletions carry a resourceVersion and creates a deterministic name. The monotonic clock
// does not count the time in which the whole machine sleeps (a suspended laptop, a paused VM).

import type { KubeClient } from './client.ts';
import { microTime, sleep, type Clock } from './clock.ts';
import { isConflict, isNotFound } from './errors.ts';
import { LEASES, type Lease, type LeaseSpec } from './lease.ts';

export interface LeaseTimes {
  /** How long the others wait after a renewal; whole seconds. client-go: 15 s. */
  readonly leaseDurationMs: number;
  /** After this long without a confirmed renewal the leader gives up. client-go: 10 s. */
  readonly renewDeadlineMs: number;
  /** Pause between two tries. client-go: 2 s. */
  readonly retryPeriodMs: number;
}

export interface LeaderElectionOptions extends LeaseTimes {
  readonly namespace: string;
  readonly name: string;
  /** Unlike that of any other process, also of an earlier one of the same pod. */
  readonly identity: string;
}

/** What is worth telling, for a log and metrics. */
export type ElectionNews =
  /** The lease is held by somebody else. */
  | { readonly kind: 'standby'; readonly holder: string }
  | { readonly kind: 'elected'; readonly leaseUID: string; readonly transitions: number }
  /** The lease could not be read or written; tried again. Told once until it works again. */
  | { readonly kind: 'trouble'; readonly why: string };

export interface LeaderElectorDeps {
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called after each confirmed renewal, the first included: this process leads until `until` on the monotonic clock. */
  readonly onHeld: (until: number) => void;
  readonly onNews?: (news: ElectionNews) => void;
  /**
   * Calls `onChange` whenever the lease may have changed, until the signal fires; it may miss changes, and be mistaken. Never
   * rejects. Default: only looks now and then.
   */
  readonly follow?: (onChange: () => void, signal: AbortSignal) => Promise<void>;
  /** False: the lease is let run out, since the work that it stands for does not go on. Default: always true. */
  readonly mayRenew?: () => boolean;
}

export type ElectionEnd = { readonly kind: 'stopped' } | { readonly kind: 'lost'; readonly why: string };

type Attempt =
  | { readonly kind: 'held'; readonly sentAt: number }
  | { readonly kind: 'other'; readonly holder: string }
  | { readonly kind: 'failed'; readonly why: string };

/** As client-go: a candidate waits 1 to 2.2 retry periods, so that several do not ask at the same moment. */
const JITTER_FACTOR = 1.2;
/** Of a retry period: the most that passes between the news of a change and the look at it. */
const SPREAD_FACTOR = 0.1;

/** Why these times would not keep the promises, or null. */
export function wrongTimes({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: LeaseTimes): string | null {
  if (leaseDurationMs < 1_000 || leaseDurationMs % 1_000 !== 0) return 'the lease duration must be whole seconds';
  if (leaseDurationMs <= renewDeadlineMs) return 'the lease duration must be longer than the renew deadline';
  if (retryPeriodMs <= 0) return 'the retry period must be more than nothing';
  if (renewDeadlineMs <= retryPeriodMs * JITTER_FACTOR) {
    return `the renew deadline must be more than ${JITTER_FACTOR} retry periods`;
  }
  return null;
}

/** Longest time for one try: it has an answer, or is given up, before others may take over. */
export function requestTimeoutMs({ leaseDurationMs, renewDeadlineMs }: LeaseTimes): number {
  return Math.min(0.8 * (leaseDurationMs - renewDeadlineMs), renewDeadlineMs / 2);
}

export class LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #deps: LeaderElectorDeps;
  /** Our last confirmed write; null where the lease may be another's. */
  #mine: Lease | null = null;
  /** The lease as it was last seen, and when it will have looked so for as long as its holder asked the others to wait. */
  #seen = '';
  #expiresAt = 0;
  /** It may have changed since the last try began. */
  #mayHaveChanged = false;
  /** Ends the pause between two tries. */
  #wake: (() => void) | null = null;
  #lastNews = '';

  /** Throws RangeError for times that would not keep the promises. */
  constructor(options: LeaderElectionOptions, deps: LeaderElectorDeps) {
    const wrong = wrongTimes(options);
    if (wrong !== null) throw new RangeError(wrong);
    this.#options = options;
    this.#deps = deps;
  }

  /** Applies for the lease until it is held, then holds it until it is lost or the signal fires; keeps it then. */
  async run(signal: AbortSignal): Promise<ElectionEnd> {
    const until = await this.#apply(signal);
    return until === null ? { kind: 'stopped' } : this.#hold(until, signal);
  }

  /** Until it is held: then, until when. `null`: the signal fired first. */
  async #apply(signal: AbortSignal): Promise<number | null> {
    const { clock, onHeld, follow } = this.#deps;
    const applied = new AbortController();
    const onAbort = (): void => applied.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    let following = false;
    try {
      while (!signal.aborted) {
        this.#mayHaveChanged = false;
        const attempt = await this.#attempt('apply', requestTimeoutMs(this.#options), signal);
        if (attempt.kind === 'held') {
          const until = attempt.sentAt + this.#options.renewDeadlineMs;
          // An answer that comes later than that says nothing of now.
          if (clock.monotonic() < until) {
            onHeld(until);
            this.#tell({
              kind: 'elected',
              leaseUID: this.#mine?.metadata.uid ?? '',
              transitions: this.#mine?.spec?.leaseTransitions ?? 0,
            });
            return until;
          }
        } else this.#tellTrouble(attempt);
        if (!following) void follow?.(() => this.#hear(), applied.signal);
        following = true;
        await this.#pause(signal);
      }
      return null;
    } finally {
      signal.removeEventListener('abort', onAbort);
      applied.abort(new Error('applied'));
    }
  }

  #hear(): void {
    this.#mayHaveChanged = true;
    this.#wake?.();
  }

  /** Until the lease may have changed, until it runs out, and otherwise as client-go does. */
  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    const { retryPeriodMs } = this.#options;
    // All are told of the same change at the same time, and a lease that changes all the time must not be read as often.
    await sleep(clock, SPREAD_FACTOR * retryPeriodMs * random(), signal);
    const left = this.#expiresAt - clock.monotonic();
    const pause = retryPeriodMs * (1 + JITTER_FACTOR * random());
    const over = new AbortController();
    const wake = (): void => over.abort();
    signal.addEventListener('abort', wake, { once: true });
    this.#wake = wake;
    if (signal.aborted || this.#mayHaveChanged) wake();
    // A dead leader costs its lease, and no pause on top of it.
    await sleep(clock, left > 0 ? Math.min(left, pause) : pause, over.signal);
    this.#wake = null;
    signal.removeEventListener('abort', wake);
  }

  /**
   * Gives the lease away, so that the next need not wait for its end. Only after `run`, and when nothing is written any
   * more. Throws KubeError if it could not; the lease then runs out by itself.
   */
  async release(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    let lease = this.#mine;
    this.#mine = null;
    for (let again = true; lease !== null; again = false) {
      const now = microTime(clock.now());
      // A duration of 1 as client-go has it: 0 would be refused.
      const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
      try {
        await this.#patch(lease, spec, signal);
        return;
      } catch (error) {
        if (!isConflict(error) || !again) throw error;
      }
      // Of our own last renewal, with its answer lost, or of somebody's label.
      lease = await this.#get(signal);
      if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    }
  }

  async #hold(from: number, signal: AbortSignal): Promise<ElectionEnd> {
    const { clock, onHeld, mayRenew = () => true } = this.#deps;
    const { renewDeadlineMs, retryPeriodMs } = this.#options;
    let until = from;
    let stuck = false;
    for (;;) {
      await sleep(clock, Math.max(0, Math.min(retryPeriodMs, until - clock.monotonic())), signal);
      if (signal.aborted) return { kind: 'stopped' };
      const left = until - clock.monotonic();
      if (left <= 0) {
        const why = stuck ? 'the program does not get on with its work' : 'it could not be renewed in time';
        return { kind: 'lost', why };
      }
      stuck = !mayRenew();
      if (stuck) continue;
      const attempt = await this.#attempt('renew', Math.min(left, requestTimeoutMs(this.#options)), signal);
      if (attempt.kind === 'other') return { kind: 'lost', why: `it is held by ${attempt.holder || 'nobody'}` };
      if (attempt.kind === 'failed') this.#tellTrouble(attempt);
      // If the process stood still meanwhile, nothing was led since; starting over is what others rely on.
      else if (clock.monotonic() < until) {
        until = attempt.sentAt + renewDeadlineMs;
        onHeld(until);
        this.#lastNews = '';
      }
    }
  }

  /** One try. Never throws. */
  async #attempt(what: 'apply' | 'renew', timeoutMs: number, signal: AbortSignal): Promise<Attempt> {
    const limit = new AbortController();
    const cancel = this.#deps.clock.after(timeoutMs, () => limit.abort(new Error('no answer in time')));
    const onAbort = (): void => limit.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await this.#try(what, limit.signal);
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #try(what: 'apply' | 'renew', signal: AbortSignal): Promise<Attempt> {
    const { identity } = this.#options;
    if (this.#mine !== null) {
      // Mostly all there is to do: one request for each renewal.
      try {
        return await this.#write(this.#mine, this.#mine.spec ?? {}, signal);
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
    }
    const lease = await this.#get(signal);
    if (lease === null) return this.#create(signal);
    const { spec = {} } = lease;
    const { holderIdentity: holder = '', leaseTransitions = 0 } = spec;
    // Also of a renewal of ours whose answer was lost, or after somebody put a label on the lease.
    if (holder === identity) return this.#write(lease, spec, signal);
    this.#mine = null;
    if (what === 'renew' || !this.#hasExpired(spec)) return { kind: 'other', holder };
    const taken = { acquireTime: microTime(this.#deps.clock.now()), leaseTransitions: leaseTransitions + 1 };
    try {
      return await this.#write(lease, taken, signal);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Others were told of its end at the same moment, and one of them was faster.
      return { kind: 'other', holder: (await this.#get(signal))?.spec?.holderIdentity ?? '' };
    }
  }

  /** Seen unchanged for as long as its holder asked the others to wait; or given away. */
  #hasExpired(spec: LeaseSpec): boolean {
    const now = this.#deps.clock.monotonic();
    const text = JSON.stringify(spec);
    if (this.#seen !== text) {
      this.#seen = text;
      this.#expiresAt = now + ((spec.leaseDurationSeconds ?? 0) * 1000 || this.#options.leaseDurationMs);
    }
    return (spec.holderIdentity ?? '') === '' || now >= this.#expiresAt;
  }

  async #get(signal: AbortSignal): Promise<Lease | null> {
    try {
      return await this.#deps.client.get<Lease>(LEASES, this.#options, { signal });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async #create(signal: AbortSignal): Promise<Attempt> {
    const { namespace, name } = this.#options;
    const sentAt = this.#deps.clock.monotonic();
    const now = microTime(this.#deps.clock.now());
    const lease = { metadata: { namespace, name }, spec: this.#held({ acquireTime: now, leaseTransitions: 0 }) };
    // Fails if somebody was faster, or an earlier create of ours was done after all: the next try reads which.
    this.#mine = await this.#deps.client.create<Lease>(LEASES, namespace, lease, { signal });
    return { kind: 'held', sentAt };
  }

  async #write(lease: Lease, keeping: LeaseSpec, signal: AbortSignal): Promise<Attempt> {
    const sentAt = this.#deps.clock.monotonic();
    this.#mine = await this.#patch(lease, this.#held(keeping), signal);
    return { kind: 'held', sentAt };
  }

  /** Only if the lease is still as it was read: of several who take it, one succeeds. */
  async #patch({ metadata: { resourceVersion } }: Lease, spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    const patch = { metadata: { resourceVersion }, spec };
    return this.#deps.client.patch<Lease>(LEASES, this.#options, patch, { signal });
  }

  #held(keeping: LeaseSpec): LeaseSpec {
    const { identity, leaseDurationMs } = this.#options;
    return {
      ...keeping,
      holderIdentity: identity,
      leaseDurationSeconds: leaseDurationMs / 1000,
      renewTime: microTime(this.#deps.clock.now()),
    };
  }

  #tellTrouble(attempt: Exclude<Attempt, { kind: 'held' }>): void {
    if (attempt.kind === 'other') this.#tell({ kind: 'standby', holder: attempt.holder });
    else this.#tell({ kind: 'trouble', why: attempt.why });
  }

  #tell(news: ElectionNews): void {
    const text = JSON.stringify(news);
    if (text === this.#lastNews) return;
    this.#lastNews = text;
    this.#deps.onNews?.(news);
  }
}
