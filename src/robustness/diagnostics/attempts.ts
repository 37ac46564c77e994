// What the costly checks share: attacks on all images of a subject.

import * as tf from '@tensorflow/tfjs';
import { type Attack, type AttackLoss, type Task, taskOfLabels } from '../../attacks/attack.ts';
import { judge } from '../../attacks/context.ts';
import { craft } from '../../attacks/craft.ts';
import { takeRows } from '../../attacks/rows.ts';
import type { ThreatModel } from '../../attacks/threat.ts';
import { gradientLog } from '../../attacks/watch.ts';
import type { Random } from '../../random.ts';
import type { Subject } from './diagnostic.ts';
import { mean } from './figures.ts';
import { tidied } from './probing.ts';

export interface Attempt {
  /** Of each image, in the order of the batches, the lowest score so far. */
  readonly scores: readonly number[];
  /** The loss of the image that was made; NaN where none was. */
  readonly losses: readonly number[];
}

export interface AttemptOptions {
  readonly random: Random;
  /** Scores so far: an image at 0 is left alone, and no score rises. By default those of the clean images. */
  readonly before?: readonly number[];
  readonly loss?: AttackLoss;
  readonly threat?: ThreatModel;
}

/** What `attack` makes of the images, judged by a fresh pass. Gradients that are broken do not move a pixel. */
export function attempt(
  subject: Omit<Subject, 'whiteBox'>,
  attack: Attack,
  options: AttemptOptions,
): Attempt {
  const { net, batches, score } = subject;
  const { random, before = subject.clean, loss = subject.loss, threat = subject.threat } = options;
  const [scores, losses]: [number[], number[]] = [[], []];
  for (const [i, { images, labels }] of batches.entries()) {
    const first = scores.length;
    const known = before.slice(first, first + images.shape[0]);
    const open = [...known.keys()].filter((row) => (known[row] as number) > 0);
    scores.push(...known);
    losses.push(...known.map(() => Number.NaN));
    if (open.length === 0) continue;
    tf.tidy(() => {
      const clean = takeRows(images, open);
      const target = { logits: net.logits.bind(net), labels: takeRows(labels, open), loss, score };
      const moved = craft(attack, clean, target, threat, random.stream(`batch-${i}`), gradientLog());
      const verdict = judge(target, moved);
      for (const [k, row] of open.entries()) {
        scores[first + row] = Math.min(known[row] as number, verdict.scores[k] as number);
        losses[first + row] = verdict.losses[k] as number;
      }
    });
  }
  return { scores, losses };
}

/** Scores of the clean images, in the order of the batches. */
export function cleanScores({ net, batches, score }: Pick<Subject, 'net' | 'batches' | 'score'>): number[] {
  return batches.flatMap(({ images, labels }) => tidied(() => [...score(net.logits(images), labels)]));
}

/** How far the mean score falls. */
export const taken = (before: readonly number[], after: readonly number[]) => mean(before) - mean(after);

export function taskOf({ batches: [first] }: Pick<Subject, 'batches'>): Task {
  return first ? taskOfLabels(first.labels) : 'classification';
}
