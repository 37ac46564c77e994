import { readFile } from 'node:fs/promises';
import type { FlagNote } from './data.ts';

/** docs/sanity-checks.md, as it comes with the package. */
const guide = new URL('../../../docs/sanity-checks.md', import.meta.url);

/** What the guide says about each flag, by its name. */
export async function readFlagNotes(): Promise<Record<string, FlagNote>> {
  const text = await readFile(guide, 'utf8').catch(() => '');
  const sections = text.split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const [name = '', ...lines] = section.split('\n');
      return [name.trim(), noteOf(lines.join('\n'))];
    }),
  );
}

function noteOf(section: string): FlagNote {
  return {
    raised: paragraphOf(section, 'Raised if'),
    explanation: paragraphOf(section, 'Explanation.'),
    advice: paragraphOf(section, 'What to do.'),
  };
}

/** The paragraph that begins with `**word**`, without these words, in one line. */
function paragraphOf(section: string, word: string): string {
  const found = section.split(/\n\s*\n/).find((paragraph) => paragraph.trim().startsWith(`**${word}**`));
  return found
    ? found
        .trim()
        .slice(word.length + 4)
        .replace(/\s+/g, ' ')
        .replace(/^,\s*/, '')
        .trim()
    : '';
}
