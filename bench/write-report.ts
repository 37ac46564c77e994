// docs/benchmarks.md.

import { cpus } from 'node:os';
import { attackSections, type Section } from './report-attacks.ts';
import { milliseconds, type Row, ratioText } from './rows.ts';
import { table } from './table.ts';

const memory = (megabytes?: number) => (megabytes === undefined ? '' : `${megabytes.toFixed(0)} MB`);

function whole(rows: readonly Row[]): string {
  const reference = rows.find((row) => row.reference)?.reference;
  const lines = rows.map((row) => [
    row.precision === 'f32' ? row.name : `${row.name}, ${row.precision}`,
    milliseconds(row.oursMs),
    memory(row.oursPeakMb),
    ...(row.referenceMs === undefined
      ? []
      : [milliseconds(row.referenceMs), memory(row.referencePeakMb), ratioText(row)]),
  ]);
  return table(
    ['case', 'ours', 'peak memory'].concat(reference ? [reference, 'peak memory', 'PyTorch / ours'] : []),
    lines,
  );
}

const sum = (rows: readonly Row[], time: (row: Row) => number | undefined) =>
  rows.reduce((total, row) => total + (time(row) ?? 0) * (row.count ?? 1), 0);

/** `resnet18-64 convolutionInput` of a kernel's name. */
const groupOf = ({ name }: Row) => name.replace(/,.*$/, '').split(' ').slice(0, 2).join(' ');

/** All calls of a step together: the calls that matter most weigh most. */
function kernels(rows: readonly Row[]): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(groupOf(row), [...(groups.get(groupOf(row)) ?? []), row]);
  const reference = rows.find((row) => row.reference)?.reference;
  const lines = [...groups].map(([name, members]) => {
    const ours = sum(members, ({ oursMs }) => oursMs);
    const cells = [name, String(members.length), milliseconds(ours)];
    if (!reference) return cells;
    const theirs = sum(members, ({ referenceMs }) => referenceMs);
    const ratios = members.map(({ ratio = 0 }) => ratio);
    const spread = [Math.min(...ratios), Math.max(...ratios)] as const;
    const alone = members.filter(({ oneDnnMs }) => oneDnnMs !== undefined);
    const share = sum(alone, ({ oneDnnMs }) => oneDnnMs) / sum(alone, ({ oursMs }) => oursMs);
    return [
      ...cells,
      milliseconds(theirs),
      ratioText({ ratio: theirs / ours, spread }),
      alone.length > 0 ? `${(100 * share).toFixed(0)} %` : '',
    ];
  });
  const columns = ['kernel', 'distinct', 'ours'];
  return table(
    reference ? [...columns, reference, 'PyTorch / ours (of single calls)', 'of oneDNN alone'] : columns,
    lines,
  );
}

const sections: Readonly<Record<Row['kind'], Section>> = {
  step: {
    title: 'Steps',
    text: `Nets, sizes and batches stand in \`bench/cases.json\`. \`train\` is a whole step with Adam, PyTorch's being the one that it
gives by default; \`inputGradient\` what an attack needs of a step, with the weights fixed; \`inference\` the logits alone.`,
    body: whole,
  },
  epoch: {
    title: 'Epochs',
    text: `The last epoch of the experiments in \`bench/epochs.json\`: training, validation, a curve of PGD with 10 steps, checkpoint; on
our side also SSIM, pictures and TensorBoard files. Both sides attack the images that are right, and leave out what has
fallen.`,
    body: whole,
  },
  loader: {
    title: 'Loading',
    text: `A JPEG file read, decoded, resized and made floats, by ours and by PIL with torchvision's \`Resize\` and \`ToTensor\`: processor
time of all threads for an image, so that its inverse is images a second and core.`,
    body: whole,
  },
  kernel: {
    title: 'Kernels of a training step',
    text: `Each distinct call of a kernel in a training step, timed by itself and added up as often as the step makes it. PyTorch may
take another memory format for every kernel. *Of oneDNN alone*: the time of oneDNN's own primitive in the layouts that it
prefers, without reordering, divided by ours. \`npm run bench -- --kind kernels --json\` prints every call.`,
    body: kernels,
  },
  ...attackSections,
};

const kinds = Object.keys(sections) as Row['kind'][];

function section(kind: Row['kind'], rows: readonly Row[]): string {
  const own = rows.filter((row) => row.kind === kind);
  if (own.length === 0) return '';
  const { title, text, body } = sections[kind];
  const { seconds } = own[0] as Row;
  // Rows may come of several runs.
  const counts = [...new Set(own.map(({ rounds }) => rounds))].sort();
  const threads = new Set(own.flatMap((row) => row.threads ?? []));
  const by = threads.size > 0 ? `; threads: ${[...threads].sort().join(' or ')}` : '';
  const warmed = kind === 'step' ? ', after as long to warm up' : '';
  const repeated = kind === 'step' || kind === 'kernel' ? `; ${seconds} s each${warmed}` : '';
  return `\n## ${title}\n\n${text} Rounds: ${counts.join(' or ')}${repeated}${by}.\n\n${body(own)}\n`;
}

export function writeReport(rows: readonly Row[], threads: string): string {
  const engine = rows[0]?.engine ?? '';
  return `# Benchmarks

Written by \`npm run bench -- --write\`. Medians in float32, or where it says so in bf16 (PyTorch then has the faster of
float32 and autocast to bfloat16); both sides in turn on the same machine: ${cpus()[0]?.model.trim()},
${threads} threads, engine ${engine}, Node ${process.version}. Of PyTorch's two memory formats (contiguous, channels last) the faster
counts. A ratio above 1 means that ours is faster; in brackets the least and the greatest of the rounds. Peak memory is
that of the whole process; ours runs compiled, as it ships.
${kinds.map((kind) => section(kind, rows)).join('')}`;
}
