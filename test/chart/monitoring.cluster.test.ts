// Dashboard and alerts speak of metrics that the operator serves, with labels that these have; every alert is explained.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { World, conditionOf } from '../harness/world.ts';
import { when } from '../proxy/rules.ts';
import { CHART, render, theOnly } from './chart.ts';
import { startLeader } from './leader.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

/** The operator's metrics and the labels of each. */
let served: Map<string, Set<string>>;
let alerts: readonly Alert[];

beforeAll(async () => {
  const objects = await render({
    metrics: { prometheusRule: { enabled: true, runbookBaseURL: 'https://docs.example/' } },
  });
  const { groups } = theOnly(objects, 'PrometheusRule')['spec'] as { groups: { rules: Alert[] }[] };
  alerts = groups.flatMap(({ rules }) => rules);

  await using world = await World.create({ operator: false, proxy: {} });
  // A metric shows its labels only once something has been counted.
  world.proxy.setRules([when({ verb: 'watch', resource: 'customers' }, { do: 'cut', at: 'answer' }, { times: 1 })]);
  await startLeader(world);
  await world.apply(world.lifecycleSecret());
  await world.synchronized();
  await world.apply(world.instance('console', 'EMA2'));
  await world.until('pi', 'console', (pi) => conditionOf(pi, 'Ready')?.reason === 'Active');
  served = readMetrics(await world.operator.metrics());
}, 600_000);

/** Label names that Prometheus adds to what it scrapes. */
const ADDED = new Set(['namespace', 'pod', 'le']);
const METRIC =
  /\b((?:mspoperator|controller_runtime|workqueue|rest_client|leader_election|process|nodejs)_\w+)(?:\{([^}]*)\})?/g;

/** What of an expression the operator does not serve. */
function unknownIn(expression: string): string[] {
  return [...expression.matchAll(METRIC)].flatMap(([, name = '', selectors = '']) => {
    const labels = served.get(name);
    if (labels === undefined) return [name];
    const named = [...selectors.matchAll(/(\w+)\s*(?:=~|!~|=|!=)\s*"/g)].map(([, label = '']) => label);
    const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/\s*,\s*/));
    return [...named, ...grouped]
      .filter((label) => !labels.has(label) && !ADDED.has(label))
      .map((label) => `${name}{${label}}`);
  });
}

describe('the dashboard', () => {
  interface Panel {
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly w: number };
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }
  const text = readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as { panels: Panel[] };

  test.for(panels.map(({ title, targets }) => [title, targets] as const))('%s', ([, targets]) => {
    for (const { expr, legendFormat } of targets) {
      expect(unknownIn(expr)).toEqual([]);
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      for (const label of labels) expect(expr).toMatch(new RegExp(`by \\([^)]*\\b${label}\\b`));
    }
  });

  test('is in the ConfigMap as it is', async () => {
    const map = theOnly(await render({ metrics: { dashboard: { enabled: true } } }), 'ConfigMap');
    expect(JSON.parse((map['data'] as Record<string, string>)['eset-msp-operator.json'] ?? '')).toEqual(
      JSON.parse(text),
    );
  });
});

describe('the alerts', () => {
  test('name metrics that the operator serves', () => {
    expect(alerts.length).toBeGreaterThan(5);
    expect(alerts.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
  });

  test('are of this operator only', () => {
    for (const { expr } of alerts) {
      for (const [, , selectors] of expr.matchAll(METRIC)) expect(selectors).toContain('namespace="eset-msp-operator"');
    }
  });

  test('have each a section of docs/alerts.md, which has no other', () => {
    const page = readFileSync(join(CHART, '..', '..', 'docs', 'alerts.md'), 'utf8');
    const sections = [...page.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
    for (const { alert, annotations } of alerts) {
      expect(annotations['runbook_url']).toBe(`https://docs.example/alerts.md#${alert.toLowerCase()}`);
    }
  });

  test('say what is wrong, how bad it is, and wait a while', () => {
    for (const { labels, annotations, for: wait } of alerts) {
      expect(labels['severity']).toMatch(/^(critical|warning)$/);
      expect(annotations['summary']).toMatch(/\.$/);
      expect(annotations['description']).toMatch(/\.$/);
      expect(wait).toMatch(/^\d+[mh]$/);
    }
  });

  test('this file sees a metric or a label that is not there', () => {
    expect(unknownIn('sum by (team) (mspoperator_customers{phase="x"})')).toEqual(['mspoperator_customers{team}']);
    expect(unknownIn('mspoperator_customers{colour="x"} > mspoperator_gone')).toEqual([
      'mspoperator_customers{colour}',
      'mspoperator_gone',
    ]);
  });
});

function readMetrics(text: string): Map<string, Set<string>> {
  const metrics = new Map<string, Set<string>>();
  const add = (name: string): Set<string> => {
    const labels = metrics.get(name) ?? new Set<string>();
    metrics.set(name, labels);
    return labels;
  };
  for (const [, name = ''] of text.matchAll(/^# TYPE (\S+)/gm)) add(name);
  for (const [, name = '', list = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    for (const [, label = ''] of list.matchAll(/(\w+)="/g)) add(name).add(label);
  }
  return metrics;
}
