// What counts as left behind.

import { expect, test } from 'vitest';
import { leftBehind, sysctls } from './traces.ts';

const before = { mount: ['/', '/proc'], sysctl: ['kernel/panic = 0'] };

test('what was there before is not', () => {
  expect(leftBehind(before, before)).toEqual([]);
  expect(leftBehind(before, { mount: ['/'], sysctl: ['kernel/panic = 0'] })).toEqual([]);
});

test('what is new is, and a setting with another value', () => {
  expect(
    leftBehind(before, { mount: ['/', '/proc', '/run/x'], sysctl: ['kernel/panic = 10'], link: ['veth0'] }),
  ).toEqual(['mount: /run/x', 'sysctl: kernel/panic = 10', 'link: veth0']);
});

test.runIf(process.platform === 'linux')('the settings that kubelet changes are among those that are compared', () => {
  const names = Object.keys(sysctls());
  expect(names).toEqual(expect.arrayContaining(['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops']));
});
