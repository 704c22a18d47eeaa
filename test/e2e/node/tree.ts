// Starts a program as the first process of namespaces of its own (network, mounts, processes, IPC, host name, cgroups), inside
// cgroups of its own. When that process ends, the kernel ends all others in them, and their mounts and devices go.

import { spawn, type ChildProcess } from 'node:child_process';

const NAMESPACES = ['--net', '--mount', '--pid', '--ipc', '--uts', '--cgroup', '--fork', '--mount-proc'];

/** Enters the cgroups named before `--`, then becomes what follows. */
const ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';

/** @param tmpDir for its temporary files: ended from outside, it takes none of them away */
export function startTree(cgroups: readonly string[], tmpDir: string, command: readonly string[]): ChildProcess {
  const tree = ['unshare', ...NAMESPACES, '--kill-child=SIGKILL', '--', ...command];
  return spawn('sh', ['-c', ENTER, 'sh', ...cgroups, '--', ...tree], {
    // A session of its own: Ctrl-C reaches the parent alone, which then ends the tree in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, TMPDIR: tmpDir },
  });
}
