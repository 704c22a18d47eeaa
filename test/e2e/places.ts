// Where things are: the repository, and what is kept between runs because it takes minutes to make.

import { join } from 'node:path';
import { cacheRoot } from '../controlplane/binaries.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
export const CHART = join(ROOT, 'charts', 'eset-msp-operator');
export const CACHE = join(cacheRoot(), '..', 'e2e');
