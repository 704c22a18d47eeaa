// Bundles each program, and the one thread of the operator, into one file under dist/.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const programs = {
  operator: 'operator/main.ts',
  'leader-thread': 'operator/runtime/leader-thread.ts',
  'kubectl-msp': 'operator/cli/main.ts',
  simulator: 'test/simulator/main.ts',
};

await build({
  absWorkingDir: root,
  entryPoints: Object.entries(programs).map(([out, entry]) => ({ in: entry, out })),
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  format: 'esm',
  sourcemap: true,
  legalComments: 'linked',
  define: { PROGRAM_VERSION: JSON.stringify(version) },
  // CommonJS packages inside an ES module bundle call require.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
console.log(
  `built ${Object.keys(programs)
    .map((name) => `dist/${name}.js`)
    .join(', ')}`,
);
