// A curve of each class, beside that of all images.

import type * as tf from '@tensorflow/tfjs';
import type { Target } from '../attacks/attack.ts';
import { judge } from '../attacks/context.ts';
import type { ClassScores } from './metric.ts';

/** The metric of the images of one class, at each epsilon of a curve. */
export interface ClassCurve {
  readonly class: string;
  /** How many images have the class in their label. */
  readonly images: number;
  /** Of the images that give the values of the curve. */
  readonly values: readonly number[];
}

/** What `judge` finds, and the score of each class where the metric has one; of several draws, those of the score. */
export function assess(
  target: Target,
  images: tf.Tensor4D,
  perClass: ClassScores | undefined,
): { readonly scores: Float32Array; readonly classes: readonly (Float32Array | undefined)[] } {
  const passes: { scores: Float32Array; classes: readonly Float32Array[] }[] = [];
  const { score } = target;
  if (!score || !perClass) {
    const { scores } = judge(target, images);
    return { scores, classes: Array.from(scores, () => undefined) };
  }
  const { scores } = judge(
    {
      ...target,
      score(logits, labels) {
        const found = score.call(target, logits, labels);
        passes.push({ scores: found, classes: perClass(logits, labels) });
        return found;
      },
    },
    images,
  );
  const classes = Array.from(
    scores,
    (value, i) => passes.find((pass) => pass.scores[i] === value)?.classes[i],
  );
  return { scores, classes };
}

/** Means over images of the scores of each class, `[epsilon][image][class]` with NaN where an image lacks the class. */
export function classCurvesOf(
  scores: readonly (readonly (Float32Array | undefined)[])[],
  names: readonly string[] | undefined,
): ClassCurve[] {
  const count = scores[0]?.[0]?.length ?? 0;
  return Array.from({ length: count }, (_, k) => {
    const present = scores.map((images) =>
      images.flatMap((row) => (row && !Number.isNaN(row[k]) ? [row[k] as number] : [])),
    );
    return {
      class: names?.[k] ?? `${k}`,
      images: present[0]?.length ?? 0,
      values: present.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    };
  }).filter(({ images }) => images > 0);
}
