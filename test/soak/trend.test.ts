import { expect, it } from 'vitest';
import { Random } from '../simulator/random.ts';
import { growth } from './trend.ts';

it('finds a slow rise below noise, and none in noise alone', () => {
  const random = new Random('trend');
  const noisy = (perStep: number) =>
    growth(Array.from({ length: 40 }, (_, at) => [at, 50 + at * perStep + 4 * (random.float() - 0.5)] as const));
  expect(noisy(0.5)).toBeGreaterThan(17);
  expect(noisy(0.5)).toBeLessThan(22);
  expect(Math.abs(noisy(0))).toBeLessThan(2.5);
  expect(noisy(-0.5)).toBeLessThan(-17);
});

it('is not misled by one sample', () => {
  expect(growth([...Array.from({ length: 20 }, (_, at) => [at, 10] as const), [20, 14]])).toBeLessThan(1.2);
});

it('needs some samples', () => {
  expect(() =>
    growth([
      [0, 1],
      [1, 2],
    ]),
  ).toThrow('too few');
});
