// Reads the API server's audit log, so that a test can count what a program asked for or wrote.
import { readFile } from 'node:fs/promises';
import type { Cluster } from './cluster.ts';

export interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

export function isWrite(event: AuditEvent): boolean {
  return WRITES.has(event.verb);
}

/** The finished requests so far, in the order in which they finished; a watch counts once, when it has ended. */
export async function readAuditLog(cluster: Pick<Cluster, 'auditLog'>): Promise<AuditEvent[]> {
  if (cluster.auditLog === undefined) throw new Error('this cluster has no audit log: start it with `auditLog: true`');
  const text = await readFile(cluster.auditLog, 'utf8').catch(() => '');
  const events: AuditEvent[] = [];
  // The last line may still be in the writing.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    if (line === '') continue;
    const event = JSON.parse(line) as AuditEvent & { stage: string };
    if (event.stage === 'ResponseComplete' || event.stage === 'Panic') events.push(event);
  }
  return events;
}
