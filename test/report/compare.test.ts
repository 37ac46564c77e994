import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { createRandom } from '../../src/random.ts';
import { compareRuns } from '../../src/report/compare/compare.ts';
import { formatCsv, formatLatex, formatMarkdown, plainTable } from '../../src/report/compare/formats.ts';
import { paretoFront } from '../../src/report/compare/pareto.ts';
import { describePlane, drawPlanePng, drawPlaneSvg, planeOf } from '../../src/report/compare/plane.ts';
import type { CurveData, RunData } from '../../src/report/page/data.ts';
import { measured, run } from './page-fixture.ts';
import { decode } from './pictures.ts';

/** A run of a net, right on a share of clean and of attacked images. */
function trained(net: string, seed: number, clean: number, attacked: number, changes: object = {}): RunData {
  const curve = (attack: string): CurveData => ({
    ...{ attack, norm: 'linf', metric: 'accuracy', images: 20, flags: [] },
    points: [0, 4 / 255, 8 / 255].map((epsilon, i) => ({
      epsilon,
      value: [clean, attacked, attacked / 2][i] as number,
      low: Math.max(0, (i === 0 ? clean : attacked) - 0.1),
      high: Math.min(1, (i === 0 ? clean : attacked) + 0.1),
      ssim: 1 - epsilon,
    })),
  });
  const definition = JSON.stringify({ name: 'study', seed, net: { name: net, ...changes } });
  return run({
    ...{ id: `study/${net}-${seed}`, experiment: 'study', net, seed, definition },
    measured: [
      {
        label: 'test, best checkpoint',
        clean: { loss: 0.1, accuracy: clean },
        cleanIntervals: { accuracy: { low: clean - 0.05, high: clean + 0.05 } },
        curves: [curve('pgd')],
        worst: curve('worst'),
      },
    ],
  });
}

test('seeds of one experiment are one row, with mean and deviation', () => {
  const runs = [trained('unet', 1, 0.8, 0.4), trained('unet', 2, 0.9, 0.2), trained('segnet', 1, 0.7, 0.5)];
  const { split, columns, nets, plane } = compareRuns(runs);
  assert.equal(split, 'test');
  assert.deepEqual(
    columns,
    [
      'accuracy',
      'before attacks',
      'pgd at 4/255',
      'worst at 4/255',
      'worst area',
      'SSIM of worst at 4/255',
    ].toSorted((a, b) => columns.indexOf(a) - columns.indexOf(b)),
  );
  assert.equal(columns[0], 'accuracy');
  assert.deepEqual(
    nets.map(({ net, seeds }) => [net, seeds]),
    [
      ['unet', [1, 2]],
      ['segnet', [1]],
    ],
  );
  const { mean, spread } = nets[0]!.figures.accuracy!;
  assert.ok(Math.abs(mean - 0.85) < 1e-12);
  // Of two, the deviation is their distance over √2.
  assert.ok(Math.abs(spread! - 0.1 / Math.SQRT2) < 1e-12);
  assert.equal(nets[1]!.figures.accuracy!.spread, undefined);
  assert.deepEqual(plane, { clean: 'accuracy', robust: 'worst at 4/255' });
  // Trapezoids over 0, 4/255 and 8/255.
  const area = ((0.7 + 0.5) / 2 + (0.5 + 0.25) / 2) / 2;
  assert.ok(Math.abs(nets[1]!.figures['worst area']!.mean - area) < 1e-12);
});

test('what not every seed has is no figure of their net', () => {
  const runs = [trained('unet', 1, 0.8, 0.4), trained('unet', 2, 0.9, 0.2)];
  const [first, second] = runs as [RunData, RunData];
  const worstAlone = second.measured.map((one) => ({ ...one, curves: [] }));
  const [net] = compareRuns([first, { ...second, measured: worstAlone }]).nets;
  assert.ok(!('pgd at 4/255' in net!.figures));
  assert.ok('worst at 4/255' in net!.figures);
  // The images of one of them are seen at every epsilon.
  const points = (curve: CurveData) => ({
    ...curve,
    points: curve.points.map((point) => ({ ...point, ssim: point.epsilon > 0 ? 0.5 : 1 })),
  });
  const seen = second.measured.map((one) => ({
    ...one,
    curves: one.curves.map(points),
    worst: points(one.worst!),
  }));
  const kept = compareRuns([first, { ...second, measured: seen }], { similarity: 0.9 });
  assert.ok(!kept.columns.some((column) => column.startsWith('worst,')));
});

test('of runs of one seed one counts, the furthest', () => {
  const [longer] = [trained('unet', 1, 0.8, 0.4)];
  const shorter = { ...trained('unet', 1, 0.6, 0.1), records: [] };
  const { nets } = compareRuns([longer!, shorter, trained('unet', 2, 0.9, 0.2)]);
  assert.deepEqual(nets[0]!.seeds, [1, 2]);
  assert.ok(Math.abs(nets[0]!.figures.accuracy!.mean - 0.85) < 1e-12);
});

test('folds are repeats as seeds are, alone and crossed with them', () => {
  const inFold = (fold: number, seed: number, clean: number) => {
    const one = trained('unet', seed, clean, 0.4);
    const data = { split: { folds: 3, fold } };
    return {
      ...one,
      id: `${one.id}-${fold}`,
      definition: JSON.stringify({ ...JSON.parse(one.definition), data }),
    };
  };
  const folds = compareRuns([inFold(0, 1, 0.7), inFold(1, 1, 0.8), inFold(2, 1, 0.9)]);
  assert.equal(folds.nets.length, 1);
  assert.ok(Math.abs(folds.nets[0]!.figures.accuracy!.mean - 0.8) < 1e-12);
  assert.ok(Math.abs(folds.nets[0]!.figures.accuracy!.spread! - 0.1) < 1e-12);
  const [head, row] = parse(formatCsv(folds)) as string[][];
  assert.equal(row![head!.indexOf('folds')], '0 1 2');
  assert.match(formatMarkdown(folds), /Mean ± standard deviation over 3 folds\./);
  assert.match(formatLatex(folds), /Mean \$\\pm\$ standard deviation over 3 folds\./);
  const both = compareRuns([inFold(0, 1, 0.7), inFold(1, 2, 0.8)]);
  assert.match(formatMarkdown(both), /over 2 runs of other seeds and folds\./);
});

test('attacks are compared where their images keep a similarity, each run at an epsilon of its own', () => {
  // The similarity is 1 − epsilon.
  const runs = [trained('unet', 1, 0.8, 0.4), trained('segnet', 1, 0.7, 0.5)];
  const small = compareRuns(runs, { similarity: 1 - 5 / 255 });
  assert.equal(small.nets[0]!.figures['pgd, SSIM ≥ 0.9803921568627451']!.mean, 0.4);
  const { columns, nets, plane } = compareRuns(runs, { similarity: 0.9 });
  assert.equal(nets[0]!.figures['worst, SSIM ≥ 0.9']!.mean, 0.2);
  assert.ok(Math.abs(nets[0]!.figures['epsilon of worst']!.mean - 8 / 255) < 1e-12);
  assert.deepEqual(columns.slice(0, 4), [
    'accuracy',
    'before attacks',
    'pgd, SSIM ≥ 0.9',
    'worst, SSIM ≥ 0.9',
  ]);
  assert.deepEqual(plane, { clean: 'accuracy', robust: 'worst, SSIM ≥ 0.9' });
  // Of an attack that is seen at every epsilon there is nothing to say; clean images are no answer.
  assert.deepEqual(compareRuns(runs, { similarity: 0.99 }).columns, [
    'accuracy',
    'before attacks',
    'worst area',
  ]);
  assert.match(formatMarkdown(small), /largest of the measured epsilons that keeps a mean SSIM of/);
  assert.throws(() => compareRuns(runs, { similarity: 0.9, epsilon: 4 / 255 }), /Give one of them/);
});

test('what was attacked in another norm stands beside, at an epsilon of its own', () => {
  const [one] = [trained('unet', 1, 0.8, 0.4)];
  const points = [0, 10, 20].map((epsilon, i) => ({ epsilon, value: [0.8, 0.3, 0.1][i] as number }));
  const jsma = { attack: 'jsma', norm: 'l0', metric: 'accuracy', images: 20, flags: [], points };
  const label = 'test, best checkpoint, l0';
  const both = {
    ...one!,
    measured: [
      ...one!.measured,
      { label, curves: [jsma], worst: { ...jsma, attack: 'worst' }, flags: ['wrong-gradients: by 0.02'] },
    ],
  };
  const { columns, nets, plane } = compareRuns([both], { epsilon: 4 / 255 });
  assert.equal(nets[0]!.figures['jsma (l0) at 10']!.mean, 0.3);
  assert.deepEqual(nets[0]!.flags, ['wrong-gradients']);
  // Its only attack is its worst case.
  assert.ok(!columns.some((column) => column.startsWith('worst (l0)')));
  assert.deepEqual(plane, { clean: 'accuracy', robust: 'worst at 4/255' });
  assert.throws(() => compareRuns([both], { epsilon: 5 / 255 }), /4\/255, 8\/255, 10, 20/);
});

test('noise as visible as the worst case is read at the same epsilon', () => {
  const one = trained('unet', 1, 0.8, 0.4);
  const points = [0, 4 / 255, 8 / 255].map((epsilon, i) => ({ epsilon, value: 0.8 - i * 0.05 }));
  const noisy = { ...one, measured: [{ ...one.measured[0]!, control: { noise: 'gaussianNoise', points } }] };
  const table = compareRuns([noisy], { epsilon: 8 / 255 });
  assert.ok(Math.abs(table.nets[0]!.figures['noise as visible']!.mean - 0.7) < 1e-12);
  assert.match(formatMarkdown(table), /similarity of the worst case/);
});

test('runs that differ in an option are rows of their own, and the option is named', () => {
  const runs = [trained('unet', 1, 0.8, 0.4, { depth: 4 }), trained('unet', 1, 0.8, 0.4, { depth: 5 })];
  assert.deepEqual(
    compareRuns(runs).nets.map(({ differs }) => differs),
    ['net.depth=4', 'net.depth=5'],
  );
});

test('without an evaluation of all, the best attacked epoch of the validation split counts', () => {
  const { split, nets } = compareRuns([run()]);
  assert.equal(split, 'validation');
  // Epoch 2 of the fixture has the higher accuracy; both were attacked.
  assert.ok(Math.abs(nets[0]!.figures.accuracy!.mean - 0.9) < 1e-12);
  assert.deepEqual(nets[0]!.flags, ['raw-rises']);
  const only = run({ measured: [measured('validation, epoch 1', 1)] });
  assert.ok(Math.abs(compareRuns([only]).nets[0]!.figures.accuracy!.mean - 0.8) < 1e-12);
});

test('what cannot be compared is refused in a sentence', () => {
  assert.throws(
    () => compareRuns([run()], { split: 'test' }),
    /was not evaluated on the test split.*medrobust evaluate/,
  );
  assert.throws(() => compareRuns([run({ records: [] })]), /no epoch yet/);
  assert.throws(
    () => compareRuns([trained('unet', 1, 0.8, 0.4)], { epsilon: 3 / 255 }),
    /--epsilon: .*4\/255, 8\/255.*3\/255/,
  );
});

const awkward = [trained('a|b_c & "d", 50 % {x} ~^\\<br>', 1, 0.8, 0.4), trained('net', 1, 0.7, 0.3)];

test('a run that is not at its end is named', () => {
  const { unfinished } = compareRuns([run({ id: 'demo/1' }), run({ id: 'demo/2', epochs: 2 })]);
  assert.deepEqual(unfinished, ['demo/1 (2 of 3 epochs)']);
});

test('worst cases over other attacks are not passed off as comparable', () => {
  const [one, other] = [trained('unet', 1, 0.8, 0.4), trained('segnet', 1, 0.7, 0.5)];
  assert.doesNotMatch(formatMarkdown(compareRuns([one, other])), /same attacks/);
  const measured = other.measured.map((part) => ({
    ...part,
    curves: part.curves.map((curve) => ({ ...curve, attack: 'fgsm' })),
  }));
  assert.match(
    formatMarkdown(compareRuns([one, { ...other, measured }])),
    /Not all were under the same attacks, so their worst cases cannot be compared/,
  );
});

test('Markdown, LaTeX and CSV hold names that mean something in them', () => {
  const table = compareRuns(awkward);
  const name = table.nets[0]!.net;
  const lines = formatMarkdown(table).split('\n');
  // Bars that are not escaped are those between cells.
  const bars = lines.slice(0, 4).map((line) => line.replace(/\\\|/g, '').split('|').length);
  assert.deepEqual(new Set(bars).size, 1, `${bars}`);
  assert.ok(!lines.join().includes('<br>'));
  const latex = formatLatex(table);
  assert.ok(
    latex.includes(
      'a\\textbar{}b\\_c \\& "d", 50 \\% \\{x\\} \\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\textless{}br\\textgreater{}',
    ),
  );
  const [head, first] = parse(formatCsv(table)) as string[][];
  assert.equal(first![0], name);
  assert.equal(Number(first![head!.indexOf('accuracy')]), 0.8);
  assert.equal(Number(first![head!.indexOf('accuracy, low')]), 0.75);
});

test('a row has a cell for every column', () => {
  const { columns, rows } = plainTable(compareRuns([...awkward, run()], { split: 'validation' }));
  for (const row of rows) assert.equal(row.length, columns.length);
});

test('experiment and number of runs are columns where rows differ in them', () => {
  const namesOf = (runs: readonly RunData[]) => {
    const { columns } = plainTable(compareRuns(runs));
    return columns.slice(0, columns.indexOf('accuracy'));
  };
  const [unet, again, segnet] = [1, 2, 1].map((seed, i) =>
    trained(i < 2 ? 'unet' : 'segnet', seed, 0.8, 0.4),
  );
  const elsewhere = {
    ...segnet!,
    experiment: 'other',
    definition: segnet!.definition.replace('study', 'other'),
  };
  assert.deepEqual(namesOf([unet!, segnet!]), ['net']);
  assert.deepEqual(namesOf([unet!, again!]), ['net']);
  assert.deepEqual(namesOf([unet!, again!, segnet!]), ['net', 'seeds']);
  assert.deepEqual(namesOf([unet!, elsewhere]), ['net', 'experiment']);
  assert.deepEqual(namesOf([unet!, again!, elsewhere]), ['net', 'experiment', 'seeds']);
});

test('no net of the front is beaten by any other, and all others are', () => {
  const values = createRandom(1).uniforms(60, 0, 1);
  const points = Array.from({ length: 30 }, (_, i) => ({ x: values[2 * i]!, y: values[2 * i + 1]! }));
  const front = paretoFront(points);
  for (const point of points) {
    const beaten = points.some(({ x, y }) => x > point.x && y > point.y);
    assert.equal(front.includes(point), !beaten);
  }
  assert.ok(front.every(({ x }, i) => i === 0 || x > front[i - 1]!.x));
});

test('the plane is drawn the same as SVG and PNG, in the colours of the nets', async () => {
  const plane = planeOf(compareRuns([trained('unet', 1, 0.8, 0.4), trained('segnet', 1, 0.7, 0.2)]))!;
  assert.match(describePlane(plane), /unet \(0\.800, 0\.400\); segnet .* than: unet\.$/);
  const svg = drawPlaneSvg(plane);
  assert.match(svg, /^<svg xmlns/);
  assert.ok(!/<text/.test(svg), 'texts are outlines');
  const picture = await decode(await drawPlanePng(plane));
  assert.ok(picture.count('#0072b2') > 50 && picture.count('#d55e00') > 50);
  assert.equal(planeOf(compareRuns([run({ measured: [] })])), undefined);
});
