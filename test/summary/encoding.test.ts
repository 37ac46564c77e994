import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crc32c } from '../../src/summary/crc32c.ts';
import { fileVersionEvent, graphEvent, sessionStartEvent, valueEvent } from '../../src/summary/events.ts';
import { encodeGraph } from '../../src/summary/graph.ts';
import { histogramBuckets } from '../../src/summary/histogram-buckets.ts';
import * as hparams from '../../src/summary/hparams.ts';
import { encodeLayout } from '../../src/summary/layout.ts';
import { pngSize } from '../../src/summary/png-size.ts';
import { integerField } from '../../src/summary/protobuf.ts';
import { frameRecord } from '../../src/summary/record.ts';
import { doubleTensor, floatScalar, noFloats, stringTensor } from '../../src/summary/tensor-proto.ts';
import { precisionRecall, rocPoints, thresholdTally } from '../../src/summary/threshold-counts.ts';

const golden = JSON.parse(
  readFileSync(new URL('../golden/summary/tensorboard.json', import.meta.url), 'utf8'),
) as Record<string, string> & {
  histograms: Record<string, { values: number[]; buckets: number; rows: number[] }>;
  precisionRecall: { labels: number[]; predictions: number[]; thresholds: number; rows: number[] };
};
const wallTime = 1700000000.25;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('CRC-32C gives the check value of its definition', () => {
  assert.equal(crc32c(Buffer.from('123456789')).toString(16), 'e3069283');
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test('a record has the bytes of the reference writer', () => {
  assert.equal(hex(frameRecord(Buffer.from('medrobust'))), golden.record);
});

test('events have the bytes of the reference encoder', () => {
  assert.equal(hex(fileVersionEvent(wallTime)), golden.fileVersion);
  assert.equal(hex(sessionStartEvent(wallTime, 300)), golden.sessionStart);
  // A step beyond 32 bits.
  const scalar = valueEvent(wallTime, 5_000_000_000, {
    tag: 'validation/dice',
    plugin: 'scalars',
    tensor: floatScalar(0.75),
    description: '*mean*',
  });
  assert.equal(hex(scalar), golden.scalar);
  const png = [Buffer.from([0x89, 0x50, 0x4e, 0x47]), Buffer.from([0, 0xff])];
  const images = { tag: 'curve', plugin: 'images', tensor: stringTensor(['28', '7', ...png]) } as const;
  assert.equal(hex(valueEvent(wallTime, 3, images)), golden.images);
  const text = { tag: 'note', plugin: 'text', tensor: stringTensor(['ε ≤ **8/255**'], []) } as const;
  assert.equal(hex(valueEvent(wallTime, 1, text)), golden.text);
  const values = golden.histograms.seven?.values ?? [];
  const tensor = doubleTensor(histogramBuckets(values, 4), [4, 3]);
  const histogram = { tag: 'weights', plugin: 'histograms', tensor } as const;
  assert.equal(hex(valueEvent(wallTime, 2, histogram)), golden.histogram);
});

test('a layout has the bytes of the reference encoder', () => {
  const charts = [{ title: 'pgd, linf', tags: ['robustness/pgd/linf/.*', 'b'] }];
  assert.equal(hex(encodeLayout([{ title: 'robustness', charts }])), golden.layout);
});

for (const [name, { values, buckets, rows }] of Object.entries(golden.histograms)) {
  test(`histogram buckets are TensorBoard's: ${name}`, () => {
    assert.deepEqual([...histogramBuckets(values, buckets)], rows);
  });
}

test('histogram buckets leave out what is not finite', () => {
  const { values, buckets, rows } = golden.histograms.seven as (typeof golden.histograms)[string];
  const unclean = [Number.NaN, ...values, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  assert.deepEqual([...histogramBuckets(unclean, buckets)], rows);
  assert.deepEqual([...histogramBuckets([Number.NaN], 2)], [0, 0, 0, 0, 0, 0]);
  assert.equal(histogramBuckets(values, 0).length, 0);
});

test('histogram buckets count every value, at the limits of float64 too', () => {
  for (const values of [
    [-Number.MAX_VALUE, 0, Number.MAX_VALUE],
    [0, Number.MIN_VALUE],
    [1, 1 + Number.EPSILON],
    Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)),
  ]) {
    const rows = histogramBuckets(values, 30);
    let total = 0;
    for (let bucket = 0; bucket < 30; bucket++) {
      total += rows[bucket * 3 + 2] as number;
      assert.ok((rows[bucket * 3] as number) <= (rows[bucket * 3 + 1] as number), `edges of ${bucket}`);
      if (bucket > 0) assert.equal(rows[bucket * 3], rows[bucket * 3 - 2], 'buckets touch');
    }
    assert.equal(total, values.length);
    assert.equal(rows[0], Math.min(...values));
    assert.equal(rows[29 * 3 + 1], Math.max(...values));
  }
});

test('only PNG files have a size', () => {
  const notPng = [Buffer.from('GIF89a, and some more bytes'), Buffer.alloc(0), Buffer.from([0x89, 0x50])];
  for (const bytes of notPng) {
    assert.throws(() => pngSize(bytes), { name: 'UsageError', message: /^[^\n]*PNG[^\n]*$/ });
  }
});

function tallied() {
  const { labels, predictions, thresholds } = golden.precisionRecall;
  const tally = thresholdTally(thresholds);
  for (const [i, label] of labels.entries()) tally.add(predictions[i] as number, label === 1);
  return tally;
}

test("precision and recall are TensorBoard's", () => {
  const rows = precisionRecall(tallied().counts());
  assert.deepEqual([...rows], golden.precisionRecall.rows);
  const tensor = doubleTensor(rows, [6, 5]);
  const content = integerField(2, 5);
  const curve = {
    tag: 'pr/lesion',
    plugin: 'pr_curves',
    tensor,
    content,
    description: '*one* class',
  } as const;
  assert.equal(hex(valueEvent(wallTime, 4, curve)), golden.prCurve);
});

test('a ROC curve goes from (0, 0) to (1, 1), and needs both kinds', () => {
  const points = rocPoints(tallied().counts());
  assert.deepEqual(
    [points[0], points.at(-1)],
    [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
  );
  for (const [i, { x, y }] of points.entries()) {
    const before = points[i - 1] ?? { x: 0, y: 0 };
    assert.ok(x >= before.x && y >= before.y);
  }
  const alone = thresholdTally(3);
  alone.add(0.5, true);
  assert.deepEqual(rocPoints(alone.counts()), []);
});

test('probabilities of 0 and 1 are counted, beyond by rounding too, and NaN is not', () => {
  const tally = thresholdTally(3);
  for (const probability of [0, 1, 1 + 1e-7, -1e-7, Number.NaN]) tally.add(probability, true);
  assert.deepEqual([...tally.counts().positives], [4, 2, 2]);
});

test('hyperparameters have the bytes of the reference encoder', () => {
  const values = { 'net.name': 'unet', 'optimizer.learningRate': 0.02, residual: true };
  const messages = [
    [golden.sessionStartInfo, hparams.sessionStartTag, hparams.encodeSessionStart(values, wallTime)],
    [golden.sessionEndInfo, hparams.sessionEndTag, hparams.encodeSessionEnd('success', wallTime)],
    [
      golden.hparamsExperiment,
      hparams.experimentTag,
      hparams.encodeExperiment(values, ['robustness/worst/linf/auc']),
    ],
  ] as const;
  for (const [expected, tag, content] of messages) {
    const value = { tag, plugin: 'hparams', tensor: noFloats, content } as const;
    assert.equal(hex(valueEvent(wallTime, 1, value)), expected, tag);
  }
});

test('a graph has the bytes of the reference encoder', () => {
  const image = {
    name: 'images',
    operation: 'InputLayer',
    inputs: [],
    shape: [null, 28, 28, 1],
    attributes: {},
  };
  const convolution = {
    ...{ name: 'conv1/conv', operation: 'Conv2D', inputs: ['images'] },
    ...{ shape: [null, 28, 28, 64], attributes: { parameters: 640 } },
  };
  assert.equal(hex(graphEvent(wallTime, encodeGraph([image, convolution]))), golden.graph);
});
