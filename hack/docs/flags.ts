// Flags and environment variables of the operator, from the parser itself.

import { flags } from '../../operator/config.ts';
import { code, table } from './markdown.ts';

export function flagsPart(): string {
  const rows = flags().map(({ flag, variable, fallback, description }) => [
    code(flag),
    code(variable),
    fallback === '' ? '' : code(fallback),
    description,
  ]);
  return table(['flag', 'variable', 'default', 'what it does'], rows);
}
