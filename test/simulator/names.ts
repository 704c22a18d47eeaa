// Believable, invented company names: no two alike within one generated tree, except where the shape repeats one on purpose.
import { Random } from './random.ts';

const heads = (
  'Alder Amber Arden Aspen Bel Birch Bram Bryn Cal Cedar Cor Dal Dorn Eden Elm Ever Fal Fen Garn Glen Hal Harrow Hazel Holm Isen Jas ' +
  'Kal Kest Kor Lark Lin Lor Lun Mar Mel Mor Nor Oak Orm Pel Quill Rav Ren Ros Sable Sel Sil Stan Tal Tarn Thorn Tor Ulm Val Ven Ver Wend Wil Yar Zel'
).split(' ');

const tails = (
  'bach berg bourne bridge burn by combe cott cross dale den dorf feld field ford gate grave ham haven hill holt hurst istra kirk land ' +
  'leigh lund mark mere mont moor nau nova ova pole quay ridge rock sand sey shaw sted stein stow strand thal thorpe ton vale ville wald ward water well wick wold wood worth'
).split(' ');

const trades = (
  'Accounting|Advisory|Agro|Analytics|Architects|Auto Parts|Bakery|Brewery|Building Services|Care Home|Carpentry|Catering|Ceramics|Chemicals|Clinic|' +
  'Cold Storage|Consulting|Couriers|Dairy|Dental Clinic|Design|Eye Clinic|Electrical|Energy|Engineering|Estates|Farms|Fashion|Fisheries|Foods|Foundry|' +
  'Freight|Furniture|Gallery|Garden Centre|Glassworks|Grammar School|Health Centre|Heating|Hospitality|Hotel|Housing|Insurance Brokers|Interiors|Joinery|' +
  'Kindergarten|Laboratories|Law Office|Leather|Library|Logistics|Machinery|Marine|Media|Medical|Metalworks|Mills|Motors|Municipality|Museum|Music School|' +
  'Notaries|Opticians|Orchards|Packaging|Paints|Paper|Pharmacy|Physiotherapy|Plastics|Plumbing|Polymers|Port Services|Precision|Print|Property|Publishing|' +
  'Quarries|Recycling|Removals|Roofing|Sawmill|Security|Shipping|Solar|Steel|Surgery|Surveyors|Tax Advisers|Textiles|Theatre|Timber|Tools|Tours|' +
  'Transport|Translations|Travel|Upholstery|Utilities|Veterinary Clinic|Vineyards|Warehousing|Waterworks|Workshop'
).split('|');

const forms = ['', ' Ltd', ' GmbH', ' s.r.o.', ' Group', ' & Sons', ' AB', ' B.V.', ' Kft.', ' Partners'];

const providers =
  'IT Services|Managed IT|Cloud Services|Systems|Networks|Digital|IT Solutions|Computing|Technology|Helpdesk|Cyber Services|Data Services'.split(
    '|',
  );

/** Names that turn up again under another parent: equal names are legal there, and never a key. */
export const commonNames: readonly string[] = [
  'Dental Clinic',
  'Central Pharmacy',
  'Head Office',
  'Town Hall',
  'Test Customer',
  'Internal',
];

/** Bodies that have no legal form. */
const plain = new Set(
  (
    'Care Home|Clinic|Dental Clinic|Eye Clinic|Gallery|Grammar School|Health Centre|Hotel|Kindergarten|Library|Municipality|' +
    'Museum|Music School|Notaries|Pharmacy|Surgery|Theatre|Veterinary Clinic'
  ).split('|'),
);

export interface NameSource {
  customer(): string;
  provider(): string;
}

export function nameSource(seed: string | number): NameSource {
  const random = new Random(`names ${seed}`);
  const places = heads.length * tails.length;
  const place = random.permutation(places);
  const trade = random.permutation(trades.length);
  let customers = 0;
  let served = 0;
  const placeName = (i: number): string =>
    `${heads[i % heads.length] ?? ''}${tails[Math.floor(i / heads.length) % tails.length] ?? ''}`;
  return {
    customer() {
      // Every further pass over the places shifts the trade, then the legal form: no pair comes twice before all are used.
      const n = customers++;
      const pass = Math.floor(n / places);
      const at = place(n % places);
      const what = trades[trade((at + pass) % trades.length)] ?? '';
      // Before the trades are used up, the legal form is decoration and may be left out.
      const bare = plain.has(what) && pass < trades.length;
      const kind = at * 7 + Math.floor(at / heads.length) + Math.floor(pass / trades.length);
      const form = bare ? '' : (forms[kind % forms.length] ?? '');
      const round = Math.floor(pass / (trades.length * forms.length));
      return `${placeName(at)} ${what}${form}${round > 0 ? ` ${round + 1}` : ''}`;
    },
    provider() {
      const n = served++;
      const pass = Math.floor(n / places);
      const at = place(places - 1 - (n % places));
      const what = providers[(at + pass) % providers.length] ?? '';
      const round = Math.floor(pass / providers.length);
      return `${placeName(at)} ${what}${round > 0 ? ` ${round + 1}` : ''}`;
    },
  };
}

/** An ASCII host part for e-mail addresses. */
export function mailDomain(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `${slug.slice(0, 40) || 'company'}.example`;
}
