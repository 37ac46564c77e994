// TensorBoard event files on every engine: the signatures of tf.node.summaryFileWriter, and what it lacks.

import type * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { createEventFile } from './event-file.ts';
import { fileVersionEvent, graphEvent, sessionStartEvent, type TaggedValue, valueEvent } from './events.ts';
import { encodeGraph, type GraphNode } from './graph.ts';
import { histogramBuckets, type Values } from './histogram-buckets.ts';
import * as hparams from './hparams.ts';
import { type ChartCategory, encodeLayout } from './layout.ts';
import { pngSize } from './png-size.ts';
import { integerField } from './protobuf.ts';
import { doubleTensor, floatScalar, noFloats, stringTensor } from './tensor-proto.ts';
import { precisionRecall, type ThresholdCounts } from './threshold-counts.ts';

/**
 * Writes what TensorBoard shows, into one new file.
 *
 * A session's scalars, histograms and images must begin at its lowest step: TensorBoard drops what earlier
 * sessions in the same directory recorded at that step and after it, so a resumed run replaces what it repeats.
 * Texts, the layout, the graph and hyperparameters drop nothing. Within a session, the steps of a tag must not fall.
 *
 * Descriptions are markdown. A step that is not an integer ≥ 0 is a `UsageError`; a file that cannot be
 * written is a `RunError`.
 */
export interface SummaryFileWriter {
  /** `value` is stored as float32; NaN and infinities are allowed. Tensors are not disposed. */
  scalar(name: string, value: tf.Scalar | number, step: number, description?: string): void;
  /** In `buckets` (30) of equal width; NaN and infinite values are left out. Tensors are not disposed. */
  histogram(
    name: string,
    data: tf.Tensor | Values,
    step: number,
    buckets?: number,
    description?: string,
  ): void;
  /** The bytes of one PNG file, or of several of one size that are shown together. */
  image(name: string, png: Uint8Array | readonly Uint8Array[], step: number, description?: string): void;
  text(name: string, markdown: string, step: number): void;
  /** Precision and recall by threshold, out of a `thresholdTally` of a class. */
  prCurve(name: string, counts: ThresholdCounts, step: number, description?: string): void;
  /** What the net is: one graph a directory. */
  graph(nodes: readonly GraphNode[]): void;
  /**
   * A row of the HParams page, whose columns are the hyperparameters of all rows and all scalars; with `metrics`, the
   * names of scalars, those of this row alone: of several such lists, TensorBoard takes any one.
   */
  hparams(values: hparams.Hyperparameters, metrics?: readonly string[]): void;
  /** Of the row: that no more is to come. Said once, as what was said first stays. */
  endOfSession(status: 'success' | 'failure'): void;
  /** Which scalars the custom scalars page draws in one chart. */
  customScalars(categories: readonly ChartCategory[]): void;
  flush(): void;
  /** Flushes; further writing is an error, further closing is not. */
  close(): void;
}

/** Such as an epoch, or the optimizer's steps so far. */
function checkStep(tag: string, step: number): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new UsageError(`${tag}: expected a step that is an integer from 0, received ${step}.`);
  }
}

type Data = tf.Tensor | Values;

const isTensor = (data: Data | number): data is tf.Tensor =>
  typeof data === 'object' && 'dataSync' in data && typeof data.dataSync === 'function';

function histogramValue(tag: string, data: Data, buckets: number, description?: string): TaggedValue {
  if (!Number.isInteger(buckets) || buckets < 0) {
    throw new UsageError(`histogram ${tag}: expected a whole number of buckets, received ${buckets}.`);
  }
  const rows = histogramBuckets(isTensor(data) ? data.dataSync() : data, buckets);
  return { tag, plugin: 'histograms', tensor: doubleTensor(rows, [buckets, 3]), description };
}

function imageValue(tag: string, png: Uint8Array | readonly Uint8Array[], description?: string): TaggedValue {
  const images = png instanceof Uint8Array ? [png] : png;
  const [size] = images.map(pngSize);
  if (!size) throw new UsageError(`image ${tag}: expected at least one PNG, received none.`);
  const tensor = stringTensor([`${size.width}`, `${size.height}`, ...images]);
  return { tag, plugin: 'images', tensor, description };
}

function layoutValue(categories: readonly ChartCategory[]): TaggedValue {
  const tensor = stringTensor([encodeLayout(categories)], []);
  return { tag: 'custom_scalars__config__', plugin: 'custom_scalars', tensor };
}

function prCurveValue(tag: string, counts: ThresholdCounts, description?: string): TaggedValue {
  const thresholds = counts.positives.length;
  const tensor = doubleTensor(precisionRecall(counts), [6, thresholds]);
  return { tag, plugin: 'pr_curves', tensor, content: integerField(2, thresholds), description };
}

const hparamsValue = (tag: string, content: Uint8Array): TaggedValue => ({
  tag,
  plugin: 'hparams',
  tensor: noFloats,
  content,
});

/**
 * A writer whose file is in `logdir`, which is created where needed.
 *
 * Events are written out when `maxQueue` of them wait, and `flushMillis` after the first that waits; a program
 * that ends without `close` loses nothing, one that is killed loses these. Two writers that are open at once
 * need two directories.
 */
export function summaryFileWriter(
  logdir: string,
  maxQueue = 10,
  flushMillis = 120_000,
  suffix = '.v2',
): SummaryFileWriter {
  const file = createEventFile(logdir, { maxQueue, flushMillis, suffix });
  const now = () => Date.now() / 1000;
  let started = false;
  file.append(fileVersionEvent(now()));

  const note = (step: number, value: TaggedValue) => {
    checkStep(value.tag, step);
    file.append(valueEvent(now(), step, value));
  };
  const measurement = (step: number, value: TaggedValue) => {
    checkStep(value.tag, step);
    if (!started) file.append(sessionStartEvent(now(), step));
    started = true;
    note(step, value);
  };
  return {
    scalar(tag, value, step, description) {
      const number = typeof value === 'number' ? value : (value.dataSync()[0] as number);
      measurement(step, { tag, plugin: 'scalars', tensor: floatScalar(number), description });
    },
    histogram(tag, data, step, buckets = 30, description) {
      measurement(step, histogramValue(tag, data, buckets, description));
    },
    image(tag, png, step, description) {
      measurement(step, imageValue(tag, png, description));
    },
    text(tag, markdown, step) {
      note(step, { tag, plugin: 'text', tensor: stringTensor([markdown], []) });
    },
    prCurve(tag, counts, step, description) {
      measurement(step, prCurveValue(tag, counts, description));
    },
    graph(nodes) {
      file.append(graphEvent(now(), encodeGraph(nodes)));
    },
    hparams(values, metrics) {
      if (metrics) note(0, hparamsValue(hparams.experimentTag, hparams.encodeExperiment(values, metrics)));
      note(0, hparamsValue(hparams.sessionStartTag, hparams.encodeSessionStart(values, now())));
    },
    endOfSession(status) {
      note(0, hparamsValue(hparams.sessionEndTag, hparams.encodeSessionEnd(status, now())));
    },
    customScalars(categories) {
      note(0, layoutValue(categories));
    },
    flush: file.flush,
    close: file.close,
  };
}
