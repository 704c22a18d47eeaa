// Says what each step did, and counts. A step that fails ends the run: those after it stand on it.

export interface Counts {
  passed: number;
  failed: number;
}

export class StepFailed extends Error {
  override name = 'StepFailed';
}

export class Report {
  readonly counts: Counts = { passed: 0, failed: 0 };

  say = (text: string): void => {
    console.log(text.replace(/^(?=.)/gm, '      '));
  };

  /** @throws StepFailed once the failure has been said */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const start = Date.now();
    const took = (): string => `(${((Date.now() - start) / 1000).toFixed(1)} s)`;
    console.log(`  …   ${title}`);
    try {
      const result = await work();
      this.counts.passed++;
      console.log(`  ok  ${title} ${took()}`);
      return result;
    } catch (error) {
      this.counts.failed++;
      console.log(`FAIL  ${title} ${took()}`);
      this.say(error instanceof Error ? error.message : String(error));
      throw new StepFailed(title, { cause: error });
    }
  }

  add({ passed, failed }: Counts): void {
    this.counts.passed += passed;
    this.counts.failed += failed;
  }
}
