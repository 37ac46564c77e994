/**
 * Writes docs/attacks.md: every attack of the registry, and how ours compare with reference implementations.
 *
 *   npm run attacks-table
 *
 * The references are the numbers in test/golden/attacks, so no other program is needed. Fails where one does not hold.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AttackDefinition } from '../src/attacks/attack.ts';
import * as registry from '../src/attacks/registry.ts';
import { useEngine } from '../src/engine/engine.ts';
import { openClassifier, openSegmenter } from '../test/attacks/golden.ts';
import { classifierComparisons } from './golden/classifiers.ts';
import type { Comparison, Outcome } from './golden/comparison.ts';
import { curveComparisons, measureComparisons } from './golden/measures.ts';
import { segmenterComparisons } from './golden/segmenters.ts';
import { variantComparisons } from './golden/variants.ts';
import { table } from './table.ts';

/** The file of an attack, by its name in the registry. */
const sourceOf = (name: string) =>
  readFileSync(
    new URL(
      `../src/attacks/${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`,
      import.meta.url,
    ),
    'utf8',
  );

/** What the docstring cites: names, year and arXiv number. */
function citation(name: string): string {
  const text = sourceOf(name)
    .replace(/\n \*(?!\/)/g, '')
    .match(new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*export const ${name} `))?.[1];
  const names = "(?:[A-Z][\\p{L}'-]*(?: et al\\.)?(?:,| and)? )+";
  const found = text?.match(new RegExp(`${names}\\d{4}, arXiv:\\d+\\.\\d+`, 'gu')) ?? [];
  return found.join('; ');
}

const kindOf = (definition: AttackDefinition) =>
  definition.direction ? 'one step' : definition.minimise ? 'minimal' : 'iterative';

const shown = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);

function attackLine([name, definition]: [string, AttackDefinition]): string[] {
  const options = Object.entries(definition.defaults).map(
    ([option, value]) => `${option} ${JSON.stringify(shown(value))}`,
  );
  return [
    `\`${name}\``,
    kindOf(definition),
    definition.task ?? 'both',
    (definition.norms ?? ['linf', 'l2', 'l1']).join(', '),
    options.join(', '),
    citation(name),
  ];
}

type Compared = Comparison & Outcome;

const mark = ({ holds }: Outcome) => (holds ? 'yes' : '**no**');

/** How many cases of each program hold. */
function byPeer(all: readonly Compared[]): string {
  const peers = [...new Set(all.map(({ peer }) => peer))].sort((a, b) => a.localeCompare(b));
  const lines = peers.map((peer) => {
    const own = all.filter((one) => one.peer === peer);
    const files = [...new Set(own.map(({ file }) => file))];
    return [peer, files.join(', '), `${own.filter(({ holds }) => holds).length} of ${own.length}`];
  });
  return table(['program', 'files', 'hold'], lines);
}

const engine = await useEngine('auto');
const [classifier, segmenter] = [openClassifier(), openSegmenter()];
const comparisons = [
  ...measureComparisons(classifier, segmenter),
  ...(await curveComparisons(classifier)),
  ...classifierComparisons(classifier),
  ...segmenterComparisons(segmenter),
  ...variantComparisons(classifier, segmenter),
];
const all = comparisons.map((one): Compared => {
  const outcome = one.compare();
  if (!outcome.holds) console.error(`${one.file} ${one.name}: ${outcome.what}: ${outcome.found}`);
  return { ...one, ...outcome };
});
all.sort((a, b) => a.file.localeCompare(b.file));
const files = new Set(all.map(({ file }) => file));
const held = all.filter(({ holds }) => holds).length;
console.log(`${held} of ${all.length} comparisons hold, of ${files.size} files.`);

const text = `# Attacks

Written by \`npm run attacks-table\` (engine ${engine.name}). \`medrobust list attacks\` shows the options too.

## The attacks

*One step*: one direction for all epsilons. *Minimal*: the nearest image that fools, in one run for all epsilons. *Iterative*: a
run for each epsilon.

${table(['attack', 'kind', 'task', 'norms', 'options', 'source'], Object.entries(registry as Readonly<Record<string, AttackDefinition>>).map(attackLine))}

## Beside other programs

What others' programs make of two small nets is stored in \`test/golden/attacks\`; \`test/golden/README.md\` says of which version.
${held} of ${all.length} comparisons hold.

${byPeer(all)}

${table(
  ['file', 'case', 'program', 'compared', 'found', 'holds'],
  all.map((one) => [one.file, one.name, one.peer, one.what, one.found, mark(one)]),
)}
`;
writeFileSync(fileURLToPath(new URL('../docs/attacks.md', import.meta.url)), text);
if (held < all.length) process.exitCode = 1;
