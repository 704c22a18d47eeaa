// Writes the generated files, or with --check says which of them are not fresh. hack/install-yaml.ts does the same for the one
// that takes Helm.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATED_FOLDERS, ROOT, generatedFiles } from './generated.ts';

const wanted = await generatedFiles();
const read = (path: string): string | null =>
  existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : null;
const left = GENERATED_FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((file) => `${folder}/${file}`),
).filter((path) => !wanted.has(path));
const stale = [...wanted].filter(([path, content]) => read(path) !== content);

if (process.argv.includes('--check')) {
  const paths = [...left, ...stale.map(([path]) => path)];
  if (paths.length > 0) {
    console.error(`not fresh: ${paths.join(', ')}; run \`make generate\` and commit the result`);
    process.exit(1);
  }
} else {
  for (const path of left) rmSync(join(ROOT, path));
  for (const [path, content] of stale) writeFileSync(join(ROOT, path), content);
  console.log(stale.length === 0 ? 'all fresh' : `wrote ${stale.map(([path]) => path).join(', ')}`);
}
