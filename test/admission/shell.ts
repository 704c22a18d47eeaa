// Types a command of a message into a shell, letter by letter as a person would.

import type { Cluster } from '../controlplane/client.ts';
import { runProgram, type RunResult } from '../controlplane/run.ts';

/** @param kubeconfig of the person who types; default: the admin's */
export function typed(cluster: Cluster, command: string, kubeconfig = cluster.kubeconfig): Promise<RunResult> {
  const env = { ...process.env, KUBECONFIG: kubeconfig, KUBECTL: cluster.kubectlPath, KUBERC: 'off' };
  const script = `kubectl() { "$KUBECTL" "$@"; }\n${command}`;
  return runProgram('sh', ['-c', script], { env, timeoutMs: 60_000 });
}

/** The commands of a refusal or of the condition Removal. */
export function commandsOf(message: string): { readonly confirm: string | null; readonly orphan: string | null } {
  return {
    confirm: /kubectl annotate .*?(?= and delete it again| To (?:keep|let go)|$)/.exec(message)?.[0] ?? null,
    orphan: /kubectl patch .*?"Orphan"\}\}'/.exec(message)?.[0] ?? null,
  };
}
