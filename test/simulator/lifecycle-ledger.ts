// The independent record of what was done to instances, by whom and as which service, and the audit of it. Append-only: what the
// server or the operator believes never changes an entry.

export const services = ['EMA2', 'EBA', 'Hub'] as const;
export type Service = (typeof services)[number];

/** `operator`: over the lifecycle API, with the account's token. `portal`: a person, through the library or the admin port. */
export type Actor = 'operator' | 'portal';

export type LedgerAction =
  /** An instance came into being. */
  | 'created'
  /** A request for something that was so already: the same key, a removal under way, access given before. */
  | 'repeated'
  /** A service got access. */
  | 'granted'
  /** A removal was begun. */
  | 'removed'
  /** The removal is over, or the data was deleted at the end of a suspension: it does not live any more. */
  | 'gone'
  /** Nothing was done: `code`. */
  | 'refused'
  /** Activating to Active, grace period, suspension, reactivation: `state`. */
  | 'changed'
  /** What upstream says of the creating service was corrupted: `service`. Who created it stays as it was. */
  | 'relabelled';

export interface LedgerEntry {
  readonly seq: number;
  /** Milliseconds, by the simulator's clock: when it was done, and when the request for it came in. */
  readonly time: number;
  readonly askedAt: number;
  readonly by: Actor;
  readonly action: LedgerAction;
  /** What was asked for, where the action does not say it. */
  readonly request: 'create' | 'grant' | 'remove' | null;
  readonly companyID: string;
  readonly instanceID: string | null;
  /** The service that it was asked as, or for. */
  readonly service: Service | null;
  /** What upstream said of the creating service at this moment. */
  readonly toldCreator: Service | null;
  readonly requestKey: string | null;
  readonly state: string | null;
  readonly code: string | null;
}

export class Ledger {
  readonly #entries: LedgerEntry[] = [];

  add(entry: Omit<LedgerEntry, 'seq'>): void {
    this.#entries.push(Object.freeze({ seq: this.#entries.length + 1, ...entry }));
  }

  get entries(): readonly LedgerEntry[] {
    return [...this.#entries];
  }
}

/**
 * What must never happen, whoever let it happen; each sentence begins with `operator` or `portal`. `services`: those of the
 * account; without them, grants are not looked at.
 */
export function violations(ledger: readonly LedgerEntry[], services?: readonly Service[]): string[] {
  const found: string[] = [];
  const creators = new Map<string, Service | null>();
  const live = new Map<string, Set<string>>();
  const removed = new Set<string>();
  const keys = new Map<string, string>();
  for (const [index, entry] of ledger.entries()) {
    const { by, action, instanceID, companyID, service, toldCreator, requestKey } = entry;
    const say = (what: string): number => found.push(`${by} ${what} (entry ${entry.seq})`);
    if (entry.seq !== index + 1) say('is in a ledger with an entry missing');
    const alive = live.get(companyID) ?? new Set<string>();
    live.set(companyID, alive);
    if (action === 'refused') {
      if (entry.request === 'remove' && entry.code === 'NotCreatingService') {
        say(`asked to remove ${instanceID} as ${service}, which is not its creating service`);
      }
      continue;
    }
    if (action === 'created') {
      if (instanceID === null) continue;
      if (alive.size > 0) say(`created ${instanceID} for company ${companyID} while ${[...alive].join(', ')} lives`);
      if (creators.has(instanceID)) say(`created ${instanceID} a second time`);
      const earlier = requestKey === null ? undefined : keys.get(requestKey);
      if (earlier !== undefined) say(`created ${instanceID} with the key ${requestKey}, which made ${earlier}`);
      if (requestKey !== null) keys.set(requestKey, instanceID);
      creators.set(instanceID, service);
      alive.add(instanceID);
      continue;
    }
    if (instanceID === null) continue;
    const known = creators.has(instanceID);
    if (!known) say(`${action} ${instanceID}, which was never created`);
    if (action === 'removed') {
      const creator = creators.get(instanceID);
      if (known && service !== creator) say(`removed ${instanceID} as ${service}; ${creator} created it`);
      else if (service !== toldCreator) say(`removed ${instanceID} as ${service} while upstream said ${toldCreator}`);
      if (!alive.has(instanceID)) say(`removed ${instanceID}, which was gone`);
      if (removed.has(instanceID)) say(`removed ${instanceID} twice`);
      removed.add(instanceID);
    }
    if (action === 'granted' && service !== null && services !== undefined && !services.includes(service)) {
      say(`gave ${service} access to ${instanceID}; the account has only ${services.join(', ')}`);
    }
    if (action === 'gone') alive.delete(instanceID);
  }
  return found;
}
