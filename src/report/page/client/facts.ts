// What stands beside the charts: flags, checkpoints, how the run was made.

import { formatCount, formatEpsilon, formatValue } from '../../numbers.ts';
import type { FlagNote, MeasuredData, PageData, RunData } from '../data.ts';
import { type Child, h, prose, table } from './dom.ts';
import { shortNames } from './names.ts';
import type { Section } from './section.ts';
import { fold } from './state.ts';

/** Of a single run nothing, of several its name as a heading. */
function headed(runs: readonly RunData[], content: (run: RunData) => readonly Child[]): Child[] {
  const names = shortNames(runs);
  return runs.flatMap((run, i) => {
    const children = content(run);
    const heading = runs.length > 1 && children.length > 0 ? [h('h3', {}, names[i])] : [];
    return [...heading, ...children];
  });
}

const statuses = {
  running: 'under way',
  finished: 'finished',
  stopped: 'ended before its last epoch',
} as const;

function tile(label: string, value: string, note = ''): HTMLElement {
  return h('div', { class: 'tile' }, h('dt', {}, label), h('dd', {}, value, h('small', {}, note)));
}

function tilesOf(run: RunData): HTMLElement {
  const { records, best, robustBest, epochs, status, measured } = run;
  const flags = lastFlags(run).length;
  return h(
    'dl',
    { class: 'tiles' },
    tile('epochs', `${records.length} of ${epochs}`, statuses[status]),
    ...(best ? [tile(best.measurement, formatValue(best.value), `best, epoch ${best.epoch}`)] : []),
    ...(robustBest
      ? [tile('area under the worst case', formatValue(robustBest.value), `best, epoch ${robustBest.epoch}`)]
      : []),
    ...(measured.length > 0
      ? [tile('flags', String(flags), flags > 0 ? 'see below' : 'nothing doubtful found')]
      : []),
  );
}

export function overview(data: PageData): HTMLElement {
  const { title, runs, made } = data;
  const several = runs.length > 1;
  return h(
    'header',
    { id: 'top' },
    h('h1', {}, title),
    h(
      'p',
      { class: 'faint' },
      several ? `${runs.length} runs` : subtitle(runs[0] as RunData),
      ` · read ${made.replace('T', ' ').slice(0, 19)} UTC`,
    ),
    ...(several ? [] : [tilesOf(runs[0] as RunData)]),
  );
}

const subtitle = ({ net, seed, id }: RunData) => `${net} · seed ${seed} · ${id}`;

export function comparisonSection({ comparison }: PageData): Section {
  return {
    id: 'comparison',
    heading: 'Generalisation beside robustness',
    content() {
      if (!comparison) return [];
      const { caption, columns, rows, plane } = comparison;
      return [
        table('One row a net', columns, rows),
        h('p', {}, caption),
        plane && h('img', { src: plane.picture, alt: plane.summary, class: 'plane' }),
        plane && h('p', { class: 'faint' }, plane.summary),
      ];
    },
  };
}

/** The flags of the newest measurement and of the evaluations. */
function lastFlags({ measured, diagnoses }: RunData): { label: string; attack: string; flag: string }[] {
  const last = measured.findLast(({ epoch }) => epoch !== undefined);
  const shown = measured.filter((one) => one === last || one.epoch === undefined);
  const ofCurves = shown.flatMap(({ label, curves, flags = [] }) => [
    ...flags.map((flag) => ({ label, attack: 'the net', flag })),
    ...curves.flatMap(({ attack, flags }) => flags.map((flag) => ({ label, attack, flag }))),
  ]);
  const ofDiagnoses = diagnoses.flatMap(({ label, flags }) =>
    flags.map((flag) => ({ label: `diagnosed on ${label}`, attack: 'the net', flag })),
  );
  return [...ofCurves, ...ofDiagnoses];
}

/** All checks of a diagnosis, those that raised no flag, too. */
function diagnosisTables({ id, diagnoses }: RunData): Child[] {
  return diagnoses.map(({ label, checks }, i) => {
    const rows = checks.map(({ name, attack, figure, verdict, value, threshold, text }) => [
      attack ? `${name} (${attack})` : name,
      verdict === 'notApplicable' ? 'does not apply' : verdict,
      value === undefined || value === null ? '–' : `${formatValue(value)} (${figure})`,
      threshold === undefined ? '–' : formatValue(threshold),
      text ?? '',
    ]);
    const columns = ['check', 'verdict', 'found', 'threshold', 'in words'];
    return fold(`diagnosis-${id}-${i}`, `All checks, ${label}`, table(`Checks, ${label}`, columns, rows));
  });
}

const nameOfFlag = (flag: string) => flag.split(':')[0] ?? flag;

function explain(name: string, note: FlagNote): HTMLElement {
  return h(
    'div',
    { class: 'note' },
    h('h4', {}, name),
    note.raised && h('p', {}, h('strong', {}, 'Raised if '), prose(note.raised)),
    h('p', {}, h('strong', {}, 'What it means. '), prose(note.explanation)),
    h('p', {}, h('strong', {}, 'What to do. '), prose(note.advice)),
  );
}

function flagList(flags: ReturnType<typeof lastFlags>): Child[] {
  if (flags.length === 0) return [h('p', {}, 'No check found anything doubtful about the last curves.')];
  const items = flags.map(({ label, attack, flag }) =>
    h('li', {}, h('strong', {}, attack), ` (${label}): ${flag}`),
  );
  return [h('ul', { class: 'flags' }, ...items)];
}

export function flagSection({ runs, notes }: PageData): Section {
  return {
    id: 'flags',
    heading: 'Diagnostics',
    content() {
      if (runs.every(({ measured, diagnoses }) => measured.length + diagnoses.length === 0)) return [];
      const names = new Set(runs.flatMap((run) => lastFlags(run).map(({ flag }) => nameOfFlag(flag))));
      const known = [...names].flatMap((name) => (notes[name] ? [explain(name, notes[name])] : []));
      return [...headed(runs, (run) => [...flagList(lastFlags(run)), ...diagnosisTables(run)]), ...known];
    },
  };
}

function checkpointTable({ checkpoints }: RunData): readonly Child[] {
  if (checkpoints.length === 0) return [h('p', { class: 'faint' }, 'No checkpoint yet.')];
  const measurements = [...new Set(checkpoints.flatMap(({ values }) => values.map(([name]) => name)))];
  const rows = checkpoints.map(({ name, epoch, why, bytes, values }) => [
    name,
    String(epoch),
    why.join(', '),
    ...measurements.map((one) => formatValue(values.find(([measurement]) => measurement === one)?.[1])),
    bytes < 2 ** 20 ? `${Math.ceil(bytes / 2 ** 10)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`,
  ]);
  return [table('Checkpoints that are kept', ['directory', 'epoch', 'why', ...measurements, 'size'], rows)];
}

export function checkpointSection({ runs }: PageData): Section {
  return { id: 'checkpoints', heading: 'Checkpoints', content: () => headed(runs, checkpointTable) };
}

function making(run: RunData): Child[] {
  return [
    h('p', {}, h('strong', {}, 'Command: '), run.command ? h('code', {}, run.command) : 'not recorded'),
    run.environment.length > 0 && table('Environment', ['what', 'which'], run.environment),
    fold(
      `definition-${run.id}`,
      'The experiment, with every option',
      h('pre', { tabindex: 0 }, run.definition),
    ),
  ];
}

export function makingSection({ runs }: PageData): Section {
  return { id: 'making', heading: 'How it was made', content: () => headed(runs, making) };
}

function corruptionsOf({ corruptions, label }: MeasuredData): readonly Child[] {
  if (!corruptions) return [];
  const { metric, images, clean, mean, points } = corruptions;
  const kinds = [...new Set(points.map(({ corruption }) => corruption))];
  const severities = [...new Set(points.map(({ severity }) => severity))];
  const cellOf = (kind: string, level: number) =>
    formatValue(points.find((point) => point.corruption === kind && point.severity === level)?.value);
  return [
    table(
      `${metric} of ${formatCount(images)} images under corruptions, by severity (${label}): ` +
        `${formatValue(mean)} in the mean, ${formatValue(clean)} clean`,
      ['corruption', ...severities.map(String)],
      kinds.map((kind) => [kind, ...severities.map((level) => cellOf(kind, level))]),
    ),
  ];
}

/** Outliers and ambiguity, as the last epoch recorded them. */
function uncertaintyOf({ records }: RunData): readonly Child[] {
  const wanted = /^(outliers|ambiguity)\//;
  const last = records.findLast(({ measurements }) =>
    Object.keys(measurements).some((name) => wanted.test(name)),
  );
  if (!last) return [];
  const found = Object.entries(last.measurements).filter(([name]) => wanted.test(name));
  const rows = found.map(([name, value]) => [name.replace('/', ' '), formatValue(value)]);
  return [table(`Outliers and mixtures of classes, epoch ${last.epoch}`, ['measure', 'value'], rows)];
}

/** Images that nobody attacks. */
export function unattackedSection({ runs }: PageData): Section {
  return {
    id: 'unattacked',
    heading: 'Images that nobody attacks',
    content: () =>
      headed(runs, (run) => {
        const last = run.measured.findLast(({ corruptions }) => corruptions);
        return [...(last ? corruptionsOf(last) : []), ...uncertaintyOf(run)];
      }),
  };
}

export function evaluationSection({ runs }: PageData): Section {
  return {
    id: 'evaluations',
    heading: 'Evaluations',
    content: () =>
      headed(runs, ({ measured }) => {
        const evaluations = measured.filter(({ clean }) => clean);
        if (evaluations.length === 0) return [];
        const metrics = [...new Set(evaluations.flatMap(({ clean }) => Object.keys(clean ?? {})))];
        const rows = evaluations.map(({ label, clean, worst }) => {
          const last = worst?.points.at(-1);
          const under =
            worst && last ? `${formatValue(last.value)} at ${formatEpsilon(last.epsilon, worst.norm)}` : '–';
          return [label, ...metrics.map((name) => formatValue(clean?.[name])), under];
        });
        return [table('Clean, on the whole split', ['measured on', ...metrics, 'worst case'], rows)];
      }),
  };
}
