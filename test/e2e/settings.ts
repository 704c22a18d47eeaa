// kubelet changes settings of the whole machine; they are put back as they were.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const CHANGED_BY_KUBELET = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** @returns puts them back */
export async function saveSettings(): Promise<() => Promise<void>> {
  const saved = new Map<string, string>();
  for (const name of CHANGED_BY_KUBELET) {
    const path = join('/proc/sys', name);
    const value = await readFile(path, 'utf8').catch(() => undefined);
    if (value !== undefined) saved.set(path, value);
  }
  return async () => {
    for (const [path, value] of saved) {
      if ((await readFile(path, 'utf8')) !== value) await writeFile(path, value);
    }
  };
}
