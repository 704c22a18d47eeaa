// Does a figure grow? A straight line through its samples, so that the noise of a moment at either end decides nothing.

/** By how much the line rises from the first sample to the last. */
export function growth(samples: readonly (readonly [at: number, value: number])[]): number {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 3) throw new Error('too few samples for a trend');
  const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
  const meanAt = mean(samples.map(([at]) => at));
  const meanValue = mean(samples.map(([, value]) => value));
  const rise = samples.reduce((sum, [at, value]) => sum + (at - meanAt) * (value - meanValue), 0);
  const run = samples.reduce((sum, [at]) => sum + (at - meanAt) ** 2, 0);
  return (rise / run) * (last[0] - first[0]);
}
