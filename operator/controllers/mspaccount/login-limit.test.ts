import { expect, test } from 'vitest';
import { LoginLimit } from './login-limit.ts';

test('three refusals an hour for each host and username, and then the oldest has to be an hour old', () => {
  let now = 0;
  const limit = new LoginLimit(() => now);
  for (const at of [0, 1000, 2000]) {
    now = at;
    expect(limit.waitMs('https://a', 'user')).toBe(0);
    limit.refused('https://a', 'user');
  }
  expect(limit.waitMs('https://a', 'user')).toBe(3_600_000 - 2000);
  expect(limit.waitMs('https://a', ' USER ')).toBe(3_600_000 - 2000);
  expect(limit.waitMs('https://a', 'other')).toBe(0);
  expect(limit.waitMs('https://b', 'user')).toBe(0);
  now = 3_600_001;
  expect(limit.waitMs('https://a', 'user')).toBe(0);
  limit.refused('https://a', 'user');
  expect(limit.waitMs('https://a', 'user')).toBe(999);
});
