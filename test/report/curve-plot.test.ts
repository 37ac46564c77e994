import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { horizontalAxis, verticalAxis } from '../../src/report/axis.ts';
import { type CurvePlot, drawCurves } from '../../src/report/curve-plot.ts';
import { palette } from '../../src/report/palette.ts';
import { drawText, shorten, textWidth } from '../../src/report/text.ts';
import { decode } from './pictures.ts';

const epsilons = [0, 1, 2, 4, 8].map((level) => level / 255);
const flat = (y: number) => epsilons.map((x) => ({ x, y }));
const plotOf = (...curves: CurvePlot['curves']): CurvePlot => ({
  title: 'accuracy under attack',
  xLabel: 'epsilon (linf)',
  yLabel: 'accuracy',
  curves,
});

// The frame, in pixels: 2 × (left 64, top 56, width 560, height 340); a margin of 3 % beside the data.
const pixelX = (fraction: number) => Math.round(2 * (64 + (560 * (0.03 + fraction)) / 1.06));
const pixelY = (value: number) => Math.round(2 * (56 + 340 * (1 - value)));

test('curves are drawn where their values are, in their colours', async () => {
  const picture = await decode(
    await drawCurves(plotOf({ name: 'fgsm', points: flat(0.75) }, { name: 'pgd', points: flat(0.25) })),
  );
  assert.equal(picture.height, 2 * (56 + 340 + 60));
  assert.ok(picture.width > 2 * (64 + 560), 'room for the legend');
  for (const fraction of [0.4, 0.7]) {
    assert.equal(picture.at(pixelX(fraction), pixelY(0.75)), palette[0]);
    assert.equal(picture.at(pixelX(fraction), pixelY(0.25)), palette[1]);
    assert.equal(picture.count(palette[2]), 0);
  }
});

test('a point that is NaN leaves a gap', async () => {
  const points = flat(0.5).map((point, i) => (i === 3 ? { ...point, y: Number.NaN } : point));
  const picture = await decode(await drawCurves(plotOf({ name: 'pgd', points })));
  const drawn = (from: number, to: number) =>
    picture.count(palette[0], { left: pixelX(from), right: pixelX(to), top: 112, bottom: 792 });
  assert.equal(drawn(0.27, 0.98), 0, 'between the points at 2/255 and 8/255');
  assert.ok(drawn(0, 0.24) > 0);
  assert.ok(drawn(0.99, 1.02) > 0, 'the mark of the last point');
});

test('a single point is a mark, with a bar for its interval', async () => {
  const points = [{ x: 4 / 255, y: 0.5, low: 0.4, high: 0.6 }];
  const picture = await decode(await drawCurves(plotOf({ name: 'pgd', points })));
  assert.equal(picture.at(pixelX(1), pixelY(0.5)), palette[0]);
  const gridLine = picture.at(pixelX(1), pixelY(0.7));
  for (const y of [0.45, 0.55]) assert.notEqual(picture.at(pixelX(1), pixelY(y)), gridLine);
  for (const y of [0.35, 0.65]) assert.equal(picture.at(pixelX(1), pixelY(y)), gridLine);
});

test('an interval is a band about its curve', async () => {
  const points = flat(0.5).map((point) => ({ ...point, low: 0.4, high: 0.6 }));
  const picture = await decode(await drawCurves(plotOf({ name: 'pgd', points })));
  const background = picture.at(pixelX(0.7) + 5, pixelY(0.7));
  for (const y of [0.42, 0.58]) assert.notEqual(picture.at(pixelX(0.7) + 5, pixelY(y)), background);
  for (const y of [0.37, 0.63]) assert.equal(picture.at(pixelX(0.7) + 5, pixelY(y)), background);
});

test('nothing to draw is a frame', async () => {
  for (const curves of [[], [{ name: 'empty', points: [] }], [{ name: 'NaN', points: flat(Number.NaN) }]]) {
    const picture = await decode(await drawCurves(plotOf(...curves)));
    assert.ok(picture.colours().size > 10, 'frame and labels');
  }
});

test('names are drawn as they are and never become markup', async () => {
  const names = [`<&"'>`, '</svg>', '&lt;', 'line\nbreak', 'ε ≤ 漢', ''];
  for (const name of names) {
    const plot = { ...plotOf({ name, points: flat(0.5) }), title: name, xLabel: name, yLabel: name };
    const picture = await decode(await drawCurves(plot));
    assert.equal(picture.at(pixelX(0.7), pixelY(0.5)), palette[0]);
    assert.match(
      drawText(name, 0, 0, { size: 12 }),
      /^<path transform="translate\(0\.00 0\.00\)" d="[MLQCZ\d. -]*" fill="#1f2937"\/>$/,
    );
  }
  // `<` in the title itself: ink within the title's line.
  const title = await decode(await drawCurves({ ...plotOf(), title: '<&' }));
  assert.ok(title.count('#1f2937', { left: 128, right: 180, top: 30, bottom: 76 }) > 50);
});

test('text too long is shortened to its width', () => {
  const style = { size: 13 };
  assert.equal(shorten('short', 100, style), 'short');
  const cut = shorten('a very long name of a curve', 100, style);
  assert.match(cut, /^a very .*…$/);
  assert.ok(textWidth(cut, style) <= 100);
});

test('the same plot gives the same bytes, with and without fonts on the machine', async () => {
  const plot = plotOf({ name: 'pgd', points: flat(0.5) });
  const hash = createHash('sha256')
    .update(await drawCurves(plot))
    .digest('hex');
  const module = JSON.stringify(new URL('../../src/report/curve-plot.ts', import.meta.url));
  const script = `
    import { createHash } from 'node:crypto';
    import { drawCurves } from ${module};
    console.log(createHash('sha256').update(await drawCurves(${JSON.stringify(plot)})).digest('hex'));
  `;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8', env: { ...process.env, FONTCONFIG_FILE: '/dev/null', FONTCONFIG_PATH: '/dev/null' } },
  );
  assert.equal(stdout.trim(), hash, stderr);
});

const labels = (axis: { ticks: readonly { label: string }[] }) => axis.ticks.map(({ label }) => label);

test('budgets are written in grey levels, other numbers as decimals', () => {
  const levels = (...values: number[]) => labels(horizontalAxis(values.map((value) => value / 255)));
  assert.deepEqual(levels(0, 1, 2, 4), ['0', '1/255', '2/255', '3/255', '4/255']);
  assert.deepEqual(levels(0, 8, 16), [
    '0',
    '2/255',
    '4/255',
    '6/255',
    '8/255',
    '10/255',
    '12/255',
    '14/255',
    '16/255',
  ]);
  assert.deepEqual(labels(horizontalAxis([0, Math.fround(4 / 255)])).at(-1), '4/255', 'rounded to float32');
  assert.deepEqual(labels(horizontalAxis([0, 0.01, 0.03])), [
    '0.000',
    '0.005',
    '0.010',
    '0.015',
    '0.020',
    '0.025',
    '0.030',
  ]);
  assert.deepEqual(labels(horizontalAxis([1, 2, 3])), ['1', '2', '3'], 'epochs');
  assert.deepEqual(labels(horizontalAxis([0])), ['0']);
  assert.deepEqual(labels(horizontalAxis([5])), ['3', '4', '5', '6', '7']);
});

test('metrics have an axis from 0 to 1, other values round numbers', () => {
  assert.deepEqual(labels(verticalAxis([0.4, 0.7])), ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
  assert.deepEqual(labels(verticalAxis([0.3, 4.7])), [
    '0.0',
    '0.5',
    '1.0',
    '1.5',
    '2.0',
    '2.5',
    '3.0',
    '3.5',
    '4.0',
    '4.5',
    '5.0',
  ]);
  assert.deepEqual(labels(verticalAxis([-20, 1000])), ['-200', '0', '200', '400', '600', '800', '1000']);
});

test('an axis holds its values, whatever their size', () => {
  for (const values of [[1e-12, 3e-12], [1e9, 1e9], [-5, -5], [0, 1e20], [0.1, 2.3, -7.7], [3]]) {
    for (const axis of [horizontalAxis(values), verticalAxis(values)]) {
      assert.ok(axis.low <= Math.min(...values) && axis.high >= Math.max(...values) && axis.low < axis.high);
      assert.ok(axis.ticks.length >= 1 && axis.ticks.length <= 13, `${axis.ticks.length} ticks of ${values}`);
    }
  }
});
