// The stand-ins follow the Dockerfile.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../places.ts';
import { imageOf, releaseOf } from './bases.ts';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

test('both bases are named there, and of one Debian release', () => {
  const images = ['BUILD_IMAGE', 'BASE_IMAGE'].map((argument) => imageOf(dockerfile, argument));
  expect(new Set(images).size).toBe(2);
  expect(new Set(images.map(releaseOf)).size).toBe(1);
  for (const image of images) expect(dockerfile).toContain(`=${image}\n`);
});

test('a name that tells no release is an error', () => {
  expect(releaseOf('gcr.io/distroless/cc-debian13:nonroot')).toBe('trixie');
  expect(() => releaseOf('registry.example/base:1')).toThrow('no Debian release');
  expect(() => imageOf('ARG BASE_IMAGE=a\n', 'BUILD_IMAGE')).toThrow('BUILD_IMAGE');
});
