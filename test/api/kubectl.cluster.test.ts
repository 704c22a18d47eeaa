// The API as people meet it: kubectl's short names, tables, explain, selectors, and what it says of a typing error.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { full, KINDS, minimal, OTHER_COMPANY, OTHERS } from './examples.ts';
import { PLURALS, readCRD, type Plural } from './schema.ts';
import { Server, type Manifest } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await Server.create();
  await Promise.all(
    PLURALS.flatMap((plural) => [
      ...OTHERS[plural].map((other) => written(plural, other)),
      written(plural, full(plural, 'one')),
    ]),
  );
});
afterAll(() => server.end());

async function written(plural: Plural, manifest: Manifest): Promise<void> {
  await server.created(plural, manifest);
  if (manifest.status !== undefined) {
    const { code, body } = await server.patch(plural, `${manifest.metadata.name}/status`, { status: manifest.status });
    if (code !== 200) throw new Error(body.message);
  }
}

const SHORT: Readonly<Record<Plural, string>> = {
  mspaccounts: 'mspa',
  staticgroups: 'sg',
  customers: 'cust',
  protectinstances: 'pi',
};

/** A table of kubectl, cell by cell; empty cells are none. */
function cells(table: string): string[][] {
  return table
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd().split(/\s{2,}/));
}

const AGE = expect.stringMatching(/^\d+(s|m)/);
/** Of a time long ago. */
const LONG = expect.stringMatching(/^\d+y/);

describe('kubectl get', () => {
  test.for<[string, string, string]>([
    ['mspa', '', 'NAME TYPE MIXED CUSTOMERS GROUPS READY STATUS LAST_SYNC AGE'],
    ['mspa', 'wide', 'NAME TYPE MIXED CUSTOMERS GROUPS READY STATUS LAST_SYNC COMPANY MESSAGE AGE'],
    ['sg', '', 'NAME DISPLAY TYPE PARENT LINKED AGE'],
    ['sg', 'wide', 'NAME DISPLAY TYPE PARENT LINKED COMPANY ACCOUNT AGE'],
    ['cust', '', 'NAME CUSTOMER STATUS SETUP MSP SUSPENDED AGE'],
    ['cust', 'wide', 'NAME CUSTOMER STATUS SETUP MSP SUSPENDED LINKED COMPANY CUSTOM_ID ACCOUNT AGE'],
  ])('%s -o "%s" has the columns %s', async ([kind, output, header]) => {
    const table = cells(await server.kubectlOk(['get', kind, ...(output === '' ? [] : ['-o', output])]));
    expect(table[0]).toEqual(header.split(' ').map((name) => name.replace('_', ' ')));
    expect(table.map(([name]) => name)).toEqual(['NAME', 'fresh', 'one', 'two']);
  });

  test.for<[string, string, readonly unknown[]]>([
    ['mspa', 'one', ['one', 'MSPManager', 'true', '55', '61', 'True', 'Tested', LONG, 'Acme MSP', 'By a test.', AGE]],
    ['mspa', 'fresh', ['fresh', 'Unknown', 'Pending', 'Waiting for the operator.', AGE]],
    ['sg', 'one', ['one', 'Acme MSP', 'MSP', 'acme-root', 'True', '0f8fad5b-d9cb-469f-a165-70867728950e', 'acme', AGE]],
    [
      'cust',
      'one',
      [
        'one',
        'Bakery',
        'Normal',
        'Skipped',
        'Acme MSP',
        'Tested',
        '0f8fad5b-d9cb-469f-a165-70867728950e',
        'ERP-7',
        'acme',
        AGE,
      ],
    ],
    ['cust', 'two', ['two', 'NotSetUp', 'Pending', 'Two', 'False', 'Tested', OTHER_COMPANY, 'two', AGE]],
  ])('%s %s -o wide has each value in its column', async ([kind, name, row]) => {
    expect(cells(await server.kubectlOk(['get', kind, name, '-o', 'wide']))[1]).toEqual(row);
  });

  test('msp, the category, lists every kind', async () => {
    const names = (await server.kubectlOk(['get', 'msp', '-o', 'name'])).trim().split('\n');
    const expected = PLURALS.flatMap((plural) =>
      ['fresh', 'one', 'two'].map((name) => `${KINDS[plural].toLowerCase()}.mspoperator.dev/${name}`),
    );
    expect(names.sort()).toEqual(expected.sort());
  });

  test.for(PLURALS)('%s: short name, singular and plural are the same', async (plural) => {
    const names = [SHORT[plural], KINDS[plural].toLowerCase(), plural];
    const outputs = await Promise.all(names.map((name) => server.kubectlOk(['get', name, 'one', '-o', 'name'])));
    expect(new Set(outputs)).toEqual(new Set([`${KINDS[plural].toLowerCase()}.mspoperator.dev/one\n`]));
  });
});

describe('field selectors', () => {
  const SELECTORS: Readonly<Record<Plural, Readonly<Record<string, string>>>> = {
    mspaccounts: {
      'status.accountType': 'MSP',
      'status.company.id': OTHER_COMPANY,
      'spec.credentials.secretRef.name': 'two-login',
    },
    staticgroups: {
      'spec.accountRef.name': 'two',
      'spec.companyID': OTHER_COMPANY,
      'spec.type': 'Customer',
      'spec.parentRef.name': 'two-root',
    },
    customers: {
      'spec.accountRef.name': 'two',
      'spec.companyID': OTHER_COMPANY,
      'status.phase': 'NotSetUp',
      'status.setup': 'Pending',
      'status.managedBy.name': 'two-msp',
    },
    protectinstances: {
      'spec.accountRef.name': 'two',
      'spec.service': 'EBA',
      'status.state': 'Suspended',
      'status.instanceID': 'instance-two',
      'status.creatingService': 'EBA',
    },
  };

  const select = async (plural: Plural, fieldSelector: string): Promise<string[]> => {
    const { body } = await server.request('GET', plural, undefined, { query: { fieldSelector } });
    return body.items.map(({ metadata }: Manifest) => metadata.name).sort();
  };

  test.for(PLURALS)('%s: these are the selectable fields', (plural) => {
    expect([...readCRD(plural).selectableFields].sort()).toEqual(Object.keys(SELECTORS[plural]).sort());
  });

  test.for(PLURALS.flatMap((plural) => Object.entries(SELECTORS[plural]).map((entry) => [plural, ...entry] as const)))(
    '%s: %s=%s',
    async ([plural, field, value]) => {
      expect(await select(plural, `${field}=${value}`)).toEqual(['two']);
      expect(await select(plural, `${field}!=${value}`)).toEqual(['fresh', 'one']);
      expect(await select(plural, `${field}=nothing`)).toEqual([]);
    },
  );

  test('kubectl get --field-selector', async () => {
    const get = (kind: string, selector: string): Promise<string> =>
      server.kubectlOk(['get', kind, '--field-selector', selector, '-o', 'name']);
    expect(await get('cust', 'status.phase=NotSetUp')).toBe('customer.mspoperator.dev/two\n');
    expect(await get('sg', 'spec.type=Customer,spec.accountRef.name=two')).toBe('staticgroup.mspoperator.dev/two\n');
    expect(await get('mspa', 'status.accountType!=MSP,status.accountType!=')).toBe('mspaccount.mspoperator.dev/one\n');
  });

  test('a field that is not selectable is named', async () => {
    const { code, stderr } = await server.kubectl(['get', 'cust', '--field-selector', 'status.icon=company_no_setup']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('field label not supported: status.icon')]);
  });
});

describe('kubectl explain', () => {
  test.for<[string, readonly string[]]>([
    ['mspa', ['MSPAccount is a login to ESET MSP Administrator 2', 'spec <Object> -required-']],
    [
      'mspa.spec.sync',
      [
        'How the tree is synchronized.',
        'interval <string> Time between two syncs, such as 24h or 90m, with some jitter; 1m to 720h. Default 24h',
        'mode <string> enum: Apply, Observe',
        'unlinkLimit <Object> How many companies may be unlinked within 24 hours',
        'distributor <string> enum: Refuse, Allow',
      ],
    ],
    [
      'sg.spec',
      [
        'The node as the operator mirrors it from upstream.',
        'accountRef <Object> -required- The MSPAccount that this object belongs to; same namespace.',
        'companyID <string> -required- Public id (GUID) of the company in EMA 2',
        'parentRef <Object> The group above this one; none on the root of the tree.',
      ],
    ],
    [
      'cust.status',
      [
        'What the operator mirrors from upstream.',
        'phase <string> enum: NotSetUp, Normal, Unlinked',
        'icon <string> enum: company_no_setup, msp_customer_normal, company_unlinked',
        'conditions <[]Object> Linked: True while the company is there upstream.',
      ],
    ],
  ])('%s', async ([path, texts]) => {
    const text = (await server.kubectlOk(['explain', path])).replaceAll(/\s+/g, ' ');
    for (const expected of texts) expect(text).toContain(expected);
  });
});

describe('kubectl apply', () => {
  const misspelled = {
    ...minimal('mspaccounts', 'misspelled'),
    spec: { ...minimal('mspaccounts').spec, deletePolicy: 'Orphan', sync: { intervall: '1h' } },
  };

  test('names the fields that do not exist, and creates nothing', async () => {
    const { code, stderr } = await server.kubectl(['apply', '-f', '-'], JSON.stringify(misspelled));
    expect(code).toBe(1);
    expect(stderr).toContain(
      'strict decoding error: unknown field "spec.deletePolicy", unknown field "spec.sync.intervall"',
    );
    expect((await server.get('mspaccounts', 'misspelled')).code).toBe(404);
  });

  test('--validate=warn says the same, and the fields are dropped', async () => {
    const { code, stderr } = await server.kubectl(['apply', '--validate=warn', '-f', '-'], JSON.stringify(misspelled));
    expect([code, stderr]).toEqual([0, expect.stringContaining('unknown field "spec.sync.intervall"')]);
    expect((await server.get('mspaccounts', 'misspelled')).body.spec).toEqual({
      ...minimal('mspaccounts').spec,
      sync: {},
    });
    await server.kubectlOk(['delete', 'mspa', 'misspelled']);
  });

  test('all that is wrong with a spec is said at once, in words', async () => {
    const manifest = minimal('mspaccounts', 'wrong', {
      endpoint: 'http://mspapi.eset.com',
      sync: { interval: '1d', unlinkLimit: { percent: 200 } },
    });
    const { code, stderr } = await server.kubectl(['apply', '-f', '-'], JSON.stringify(manifest));
    expect(code).toBe(1);
    // Kubernetes 1.34 names the type in place of the value.
    expect(stderr).toMatch(/spec\.endpoint: Invalid value: "(http:\/\/mspapi\.eset\.com|string)": use https:\/\//);
    expect(stderr).toMatch(/spec\.sync\.interval: Invalid value: "(1d|string)": write a duration such as 24h/);
    expect(stderr).toContain('spec.sync.unlinkLimit.percent: Invalid value: 200');
  });

  test.for(PLURALS)('%s: applied twice, nothing changes', async (plural) => {
    const manifest = JSON.stringify(minimal(plural, 'twice'));
    await server.kubectlOk(['apply', '-f', '-'], manifest);
    expect(await server.kubectlOk(['apply', '-f', '-'], manifest)).toContain('unchanged');
    await server.request('DELETE', `${plural}/twice`);
  });

  test('a key without a value (an empty Helm value) is as if it were not there', async () => {
    const manifest = minimal('mspaccounts', 'empty', { endpoint: null, sync: null, newCustomers: { setup: null } });
    await server.kubectlOk(['apply', '-f', '-'], JSON.stringify(manifest));
    expect((await server.get('mspaccounts', 'empty')).body.spec).toEqual({
      ...minimal('mspaccounts').spec,
      newCustomers: {},
    });
    await server.kubectlOk(['delete', 'mspa', 'empty']);
  });
});
