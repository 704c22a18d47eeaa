// The little Markdown that the generated parts of the docs are made of.

/** A table; cells may hold anything, on one line. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', String.raw`\|`)
    .trim();
}

/** As code. */
export function code(text: string): string {
  return `\`${text}\``;
}

const END = '<!-- end of generated -->';

/**
 * A page with the parts between `<!-- generated: NAME -->` and `<!-- end of generated -->` written anew.
 * @throws Error for a part that nothing makes, and for one without end
 */
export function withParts(page: string, parts: Readonly<Record<string, () => string>>): string {
  const pieces = page.split(/^(<!-- generated: .+ -->)$/m);
  let text = pieces[0] ?? '';
  for (let at = 1; at < pieces.length; at += 2) {
    const marker = pieces[at] ?? '';
    const name = marker.slice('<!-- generated: '.length, -' -->'.length);
    const part = parts[name];
    if (part === undefined) throw new Error(`nothing makes the part "${name}"`);
    const rest = pieces[at + 1] ?? '';
    const end = rest.indexOf(END);
    if (end < 0) throw new Error(`the part "${name}" has no end`);
    text += `${marker}\n\n${part()}\n\n${rest.slice(end)}`;
  }
  return text;
}
