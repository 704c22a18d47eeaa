// The commands that a message tells people to type, as a shell would split them.

/** Each without `kubectl`. A sentence's end is no part of a command. */
export function commandsOf(message: string): string[][] {
  return message
    .split(/(?=\bkubectl )/)
    .filter((part) => part.startsWith('kubectl '))
    .map((part) => wordsOf(part).slice(1));
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^\s']|'[^']*')+/g)) {
    // What follows a command is prose; it begins with a word in capitals.
    if (words.length > 3 && /^[A-Z]/.test(word)) break;
    words.push(word.replaceAll("'", ''));
  }
  return words;
}
