// Precision–recall and ROC curves of the classes, each against the others.

import * as tf from '@tensorflow/tfjs';
import type { Dataset } from '../../data/dataset.ts';
import { drawCurves } from '../../report/curve-plot.ts';
import { rocPoints, type ThresholdTally, thresholdTally } from '../../summary/threshold-counts.ts';
import type { SummaryFileWriter } from '../../summary/writer.ts';

export interface ThresholdCurves {
  /** `logits` `[batch, …, classes]`, `labels` int32 `[batch, …]`, negative where they do not count. */
  add(logits: tf.Tensor, labels: tf.Tensor): void;
  /** Writes a PR curve for each class, and the ROC curves of all as a picture. */
  write(summary: SummaryFileWriter, step: number): Promise<void>;
}

/** Of two classes the second says all; of maps the background is left out; of several labels all are shown. */
function shownClasses({ classes, task }: Pick<Dataset, 'classes' | 'task'>): number[] {
  const all = [...classes.keys()];
  if (task === 'multilabel') return all;
  return classes.length === 2 || task === 'segmentation' ? all.slice(1) : all;
}

/** Curves of softmax probabilities, of images or of all pixels together, at 201 thresholds. */
export function thresholdCurves(data: Pick<Dataset, 'classes' | 'task'>): ThresholdCurves {
  const shown = shownClasses(data).map((index) => ({
    index,
    name: data.classes[index] as string,
    tally: thresholdTally(),
  }));
  return {
    add(logits, labels) {
      tf.tidy(() => {
        const probabilities = logits.softmax().dataSync();
        const [actual, classes] = [labels.dataSync(), logits.shape.at(-1) as number];
        for (const { index, tally } of shown) {
          if (data.task === 'multilabel')
            countLabel(probabilities, actual, { count: data.classes.length, index, tally });
          else count(probabilities, actual, { classes, index, tally });
        }
      });
    },
    async write(summary, step) {
      const curves = shown.map(({ name, tally }) => ({ name, counts: tally.counts() }));
      for (const { name, counts } of curves) summary.prCurve(`validation/pr/${name}`, counts, step);
      const picture = await drawCurves({
        title: `ROC, epoch ${step}`,
        xLabel: 'false positive rate',
        yLabel: 'true positive rate',
        curves: curves.map(({ name, counts }) => ({ name, points: thinned(rocPoints(counts)) })),
      });
      summary.image('validation/roc', picture, step);
    },
  };
}

/** Points have marks: without those that would hide one another. */
function thinned(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  const kept: { x: number; y: number }[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    const far = !last || Math.abs(point.x - last.x) + Math.abs(point.y - last.y) >= 0.05;
    if (far || i === points.length - 1) kept.push(point);
  }
  return kept;
}

function count(
  probabilities: ArrayLike<number>,
  actual: ArrayLike<number>,
  { classes, index, tally }: { classes: number; index: number; tally: ThresholdTally },
): void {
  for (let place = 0; place < actual.length; place++) {
    const label = actual[place] as number;
    if (label >= 0) tally.add(probabilities[place * classes + index] as number, label === index);
  }
}

/** Of pairs of probabilities, absent and present, of each label of each image. */
function countLabel(
  probabilities: ArrayLike<number>,
  actual: ArrayLike<number>,
  { count, index, tally }: { count: number; index: number; tally: ThresholdTally },
): void {
  for (let place = index; place < actual.length; place += count) {
    const label = actual[place] as number;
    if (label >= 0) tally.add(probabilities[2 * place + 1] as number, label === 1);
  }
}
