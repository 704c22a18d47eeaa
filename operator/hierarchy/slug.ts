// Turns a company name into the readable part of an object name: [a-z0-9-], for people only, never a key.

// Letters that Unicode does not decompose into a Latin base letter. Cyrillic and Greek in a plain, lossy romanization:
// the slug is there to recognize a company by, its hash to tell companies apart.
const LETTERS: ReadonlyMap<string, string> = new Map(
  (
    'ß ss,æ ae,œ oe,ø o,ł l,đ d,ð d,þ th,ı i,ħ h,ŋ n,ŧ t,ſ s,ĸ k,' +
    'а a,б b,в v,г g,ґ g,д d,е e,ё e,є ie,ж zh,з z,и i,і i,ї i,й i,к k,л l,м m,н n,о o,п p,р r,с s,т t,у u,ў u,ф f,' +
    'х kh,ц ts,ч ch,ш sh,щ shch,ъ ,ы y,ь ,э e,ю iu,я ia,ђ dj,ј j,љ lj,њ nj,ћ c,џ dz,ѓ g,ќ k,ѕ dz,' +
    'α a,β v,γ g,δ d,ε e,ζ z,η i,θ th,ι i,κ k,λ l,μ m,ν n,ξ x,ο o,π p,ρ r,σ s,ς s,τ t,υ y,φ f,χ ch,ψ ps,ω o'
  )
    .split(',')
    .map((pair) => {
      const [letter, latin] = pair.split(' ');
      return [letter ?? '', latin ?? ''] as const;
    }),
);

// More than enough to fill any slug; keeps a 10 kB name cheap.
const LOOKED_AT = 256;

/**
 * A slug of `text`: lower-case letters, digits and single dashes, starting and ending with a letter or digit, at most
 * `maxLength` characters. Empty if the text holds no letter or digit that can be written so (Chinese, emoji, …).
 */
export function slug(text: string, maxLength: number): string {
  const base = text.slice(0, LOOKED_AT).toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  let latin = '';
  for (const letter of base) latin += LETTERS.get(letter) ?? letter;
  return trimDashes(trimDashes(latin.replace(/[^a-z0-9]+/g, '-')).slice(0, maxLength));
}

function trimDashes(text: string): string {
  return text.replace(/^-/, '').replace(/-$/, '');
}
