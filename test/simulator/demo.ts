// The tree of `--shape demo`: one believable, invented MSP Manager with five Managed MSPs and 55 customers.
import { companyTypes } from './company.ts';
import { mailDomain } from './names.ts';
import { Random } from './random.ts';
import { Tree } from './tree.ts';
import type { TreeOptions } from './tree.ts';

const managerName = 'Norrvale Managed Services';

const direct = [
  'Brightwater Municipality',
  'Harbour & Lane Solicitors',
  'Meridon Cold Storage',
  'Saint Aldwin Hospital',
  'Tallow Street Theatre',
  'Westmarch County Library',
  'Ferrovale Steelworks',
  'Quillon Publishing House',
];

const managed: Readonly<Record<string, readonly string[]>> = {
  'Alpenblick IT-Service': [
    'Bergsee Hotel & Spa',
    'Bäckerei Sonnentor',
    'Gemeinde Oberlinden',
    'Holzbau Wiesinger',
    'Kanzlei Reuter und Falk',
    'Physiotherapie am Marktplatz',
    'Seilbahnen Hochkar Nord',
    'Tierarztpraxis Lindgrund',
    'Weingut Traubenthal',
    'Zahnarztpraxis Edelmoos',
    'Zimmerei Stubenvoll',
  ],
  'Bluefinch Networks': [
    'Anchor Point Marina',
    'Captain Morrow Seafoods',
    'Corallin Bay Dental Clinic',
    'Driftwood Holiday Homes',
    'Gullwing Aviation Training',
    'Lanternhead Primary School',
    'Saltmarsh Veterinary Clinic',
    'Seathorpe Care Home',
    'Tidewater Logistics',
    'Wavecrest Insurance Brokers',
  ],
  'Karpaty Cloud': [
    'Lekáreň Zlatý Lev',
    'Mestský úrad Horná Studňa',
    'Mliekareň Podhorie',
    'Notársky úrad Javorová',
    'Píla Smrečany Dolina',
    'Stavebniny Kremeň',
    'Zubná ambulancia Úsmev',
    'Základná škola Lipová Alej',
    'Účtovníctvo Presný Riadok',
  ],
  'Pinecrest Computing': [
    'Cedar Hollow Farms',
    'Copperfield Plumbing & Heating',
    'Dental Clinic Aurora',
    'Elmstead Grammar School',
    'Foxglove Garden Centre',
    'Granite Peak Surveyors',
    'Maple & Thread Textiles',
    'Pinecrest Internal',
    'Redbarn Brewery',
    'Stonebridge Town Council',
  ],
  'Silverbrook Helpdesk': [
    'Dental Clinic Aurora',
    'Eastgate Freight Forwarding',
    'Kestrel Couriers',
    'Opaline Eye Clinic',
    'Parkmere Kindergarten',
    'Rosenwick Funeral Services',
    'Vantry Architects',
  ],
};

const suspended = new Set(['Driftwood Holiday Homes', 'Stavebniny Kremeň', 'Rosenwick Funeral Services']);

export function demoTree(options: TreeOptions = {}): Tree {
  const seed = options.seed ?? 1;
  const random = new Random(`demo ${seed}`);
  const root = { name: managerName, type: companyTypes.MSPManager, email: 'office@norrvale-msp.example' };
  const tree = new Tree(root, { ...options, seed: `demo tree ${seed}` });
  let number = 1000;
  const customer = (name: string, parentId: string): void => {
    number += 1 + random.below(9);
    const company = tree.add({ name, parentId, status: suspended.has(name) ? 'suspended' : 'active' });
    if (random.chance(0.7)) tree.update(company.id, { customIdentifier: `NV-${String(number)}` });
    if (random.chance(0.5)) tree.update(company.id, { email: `it@${mailDomain(name)}` });
  };
  for (const name of direct) customer(name, tree.root.id);
  for (const [name, customers] of Object.entries(managed)) {
    const type = companyTypes.ManagedMSP;
    const msp = tree.add({ name, type, email: `office@${mailDomain(name)}` });
    for (const customerName of customers) customer(customerName, msp.id);
  }
  return tree;
}
