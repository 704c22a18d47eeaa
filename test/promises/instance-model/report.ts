// A walk in lines that sort by time: what the ledger, the wire and the objects say, for a person who reads a failure.

import type { LedgerEntry } from '../../simulator/simulator.ts';
import type { Version } from './history.ts';
import type { Exchange } from './wire.ts';

export function story(
  ledger: readonly LedgerEntry[],
  exchanges: readonly Exchange[],
  objects: ReadonlyMap<string, readonly Version[]>,
): string[] {
  return [...ledger.map(ofLedger), ...exchanges.map(ofWire), ...[...objects.values()].flat().map(ofObject)];
}

/** Minutes, seconds and milliseconds. */
export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(14, 23);
}

function ofLedger({ time, by, action, request, instanceID, service, requestKey, state, code }: LedgerEntry): string {
  return `${clock(time)} ledger: ${words(by, action, request, instanceID, service, requestKey, state, code)}`;
}

function ofWire({ at, operation, id, service, key, connection, status, instances }: Exchange): string {
  const rows = instances?.map((row) => `${short(row.id)} ${row.state} ${row.creatingService}`).join(', ');
  const shown = rows === undefined ? '' : ` [${rows}]`;
  return `${clock(at)} wire ${connection}: ${words(operation, short(id), service, key)} → ${status}${shown}`;
}

function ofObject({ at, gone, view }: Version): string {
  const { name, uid, status, deleting, confirmRemoval, spec, finalizers } = view;
  const is = (type: string) => status.conditions?.find((each) => each.type === type)?.reason ?? '-';
  const flags = words(
    gone && 'GONE',
    deleting && 'deleting',
    spec.deletionPolicy,
    spec.suspend === true && 'suspend',
    finalizers.length > 0 && 'protected',
    short(status.instanceID ?? ''),
    status.creatingService,
    confirmRemoval !== null && `confirmed ${short(confirmRemoval)}`,
  );
  return `${clock(at)} ${name} ${short(uid)}: ${is('Ready')} ${is('Removal')} ${flags}`;
}

function short(id: string): string {
  return id.slice(0, 4);
}

function words(...all: readonly (string | false | null | undefined)[]): string {
  return all.filter((word) => typeof word === 'string' && word !== '').join(' ');
}
