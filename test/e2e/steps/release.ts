// The chart: the version before this one from Git's history, this one, and the values of the test.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../run.ts';
import { OPERATOR_IMAGE } from '../image/names.ts';
import { CHART, ROOT } from '../places.ts';
import type { Needs } from './needs.ts';
import { helm, NAMESPACE, RELEASE, restrictedNamespace, type Stage } from './stage.ts';

/** The commit that added the chart: what an upgrade starts from. */
const PREVIOUS = '050f987';
const CA = 'upstream-ca';

/** @returns the folder of that chart */
export async function previousChart(dir: string): Promise<string> {
  const into = join(dir, 'previous');
  const path = 'charts/eset-msp-operator';
  await mkdir(into);
  const archive = join(dir, 'previous.tar');
  await must('git', ['archive', `--output=${archive}`, PREVIOUS, path], { cwd: ROOT }).catch((error: unknown) => {
    throw new Error(
      `the chart of commit ${PREVIOUS} takes the whole history of the repository (git fetch --unshallow)`,
      {
        cause: error,
      },
    );
  });
  await must('tar', ['--extract', `--file=${archive}`, `--directory=${into}`]);
  return join(into, path);
}

export async function install(stage: Stage, chart: string, needs: Needs, certificate: string): Promise<void> {
  await restrictedNamespace(stage, NAMESPACE);
  await stage.cluster.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: CA, namespace: NAMESPACE },
      data: { 'ca.crt': certificate },
    }),
  );
  await helm(stage, 'install', RELEASE, chart, '--wait', '--timeout=110s', values(needs));
}

export async function upgrade(stage: Stage, needs: Needs): Promise<void> {
  await helm(stage, 'upgrade', RELEASE, CHART, '--wait', '--timeout=110s', values(needs));
}

function values({ upstreamHosts, lifecycleHosts }: Needs): string {
  const set = {
    image: OPERATOR_IMAGE,
    replicas: 2,
    upstream: { hosts: upstreamHosts },
    // As often as it may look: an instance that has gone is seen within seconds.
    lifecycle: { hosts: lifecycleHosts, pollSeconds: 10 },
    extraCA: { configMapName: CA },
  };
  return `--set-json=${JSON.stringify(set)}`;
}
