// What the demo prints: headings and tables, in colour on a terminal.

const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

export function say(text: string): void {
  console.log(text);
}

export function heading(text: string): void {
  console.log(`\n${colour ? `\u001B[1;36m${text}\u001B[0m` : `== ${text}`}`);
}

/** The output of a command, without the blank end. */
export function table(text: string): void {
  console.log(text.trimEnd());
}
