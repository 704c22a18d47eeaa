// Writes deploy/install.yaml, the chart with its default values for those who do not use Helm; with --check says whether it is
// fresh. Takes Helm (test/controlplane/helm.ts says where from).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helmOk } from '../test/controlplane/helm.ts';
import { ROOT } from './generated.ts';

const NAME = 'eset-msp-operator';

const HEAD = `# ${NAME} with all its defaults: the definitions, the operator's ServiceAccount and rights, the admission policies, the
# Deployment. Generated from charts/${NAME} by \`make generate\`; do not edit.
#
#   kubectl apply --server-side -f install.yaml
#
# No image is published: build it (see the Dockerfile), push it, and name it in the Deployment at the end.
---
apiVersion: v1
kind: Namespace
metadata:
  name: ${NAME}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

// Without Helm nothing is kept or dropped by it, and it manages nothing.
const rendered = await helmOk([
  'template',
  NAME,
  join(ROOT, 'charts', NAME),
  `--namespace=${NAME}`,
  '--no-hooks',
  '--skip-tests',
  '--kube-version=1.37.0',
  '--set=crds.keep=false',
]);
const lines = rendered
  .split('\n')
  .filter((line) => !/^(# Source: |\s+(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): )/.test(line));
const wanted = `${HEAD}${lines.join('\n').trimEnd()}\n`;
const path = 'deploy/install.yaml';
const at = join(ROOT, path);
const fresh = existsSync(at) && readFileSync(at, 'utf8') === wanted;

if (!process.argv.includes('--check')) {
  if (!fresh) writeFileSync(at, wanted);
  console.log(fresh ? `${path}: fresh` : `wrote ${path}`);
} else if (!fresh) {
  console.error(`not fresh: ${path}; run \`make generate\` and commit the result`);
  process.exit(1);
}
