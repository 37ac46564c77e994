// Variants that others made of an attack, whose images are not ours: at least as strong.

import * as tf from '@tensorflow/tfjs';
import { judge } from '../../src/attacks/context.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { takeRows } from '../../src/attacks/rows.ts';
import { createRandom } from '../../src/random.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { pixelAccuracy } from '../../src/robustness/metrics/pixel-accuracy.ts';
import { type GoldenNet, tensorOf } from '../../test/attacks/golden.ts';
import {
  attacked,
  type Case,
  type Comparison,
  casesOf,
  distances,
  mean,
  nearest,
  type Outcome,
  predictions,
  targetOf,
  within,
} from './comparison.ts';

const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;
const pixels = pixelAccuracy.perImage as NonNullable<typeof pixelAccuracy.perImage>;

/** As much right as under theirs, or less. */
function noMoreRight(ours: number, theirs: number): Outcome {
  return {
    what: 'accuracy left at most theirs',
    found: `${ours.toFixed(4)}, ${theirs.toFixed(4)}`,
    holds: ours <= theirs + 1e-6,
  };
}

/**
 * Mean distance in l2 of the images that they fool, but for the one that is wrong already: other variants end in other
 * local minima, so that single images may be farther.
 */
function noFarther(net: GoldenNet, moved: tf.Tensor4D, one: Case, factor: number): Outcome {
  const labels = net.labels.dataSync();
  const clean = predictions(net, net.images);
  const fooled = (label: number, i: number) => label !== labels[i] && clean[i] === labels[i];
  const open = one.predictions.data.flatMap((label, i) => (fooled(label, i) ? [i] : []));
  const ours = distances(net, moved, 'l2');
  const pairs = open.map((i) => [ours[i], one.l2.data[i]] as [number, number]);
  const share = mean(pairs.map(([own]) => own)) / mean(pairs.map(([, theirs]) => theirs));
  const largest = Math.max(...pairs.map(([own, theirs]) => own / theirs));
  return {
    what: `mean distance at most ${factor} of theirs`,
    found: `${share.toFixed(3)} (single images at most ${largest.toFixed(3)})`,
    holds: share <= factor,
  };
}

/** FGSM with an epsilon for each image. */
function eachByItself(net: GoldenNet, { params, ce_loss_per_sample: theirs }: Case): Outcome {
  const epsilons = params.eps as unknown as number[];
  const target = targetOf(net);
  const moved = epsilons.map((epsilon, i) => {
    const one = { ...target, labels: takeRows(net.labels, [i]) };
    const clean = takeRows(net.images, [i]);
    return craft(createAttack({ name: 'fgsm' }), clean, one, { norm: 'linf', epsilon }, createRandom(1));
  });
  return within('cross-entropies', judge(target, tf.concat(moved)).losses, theirs.data, 1e-4);
}

/** As many images at their goals. ART moves a value several times, ours once, so their numbers of values say little. */
function asManyGoals(net: GoldenNet, { params, predictions: found }: Case): Outcome {
  const { theta = 0, gamma = 0 } = params;
  const goals = tensorOf(net.stored.target_labels);
  const moved = nearest(net, { name: 'jsma', theta, gamma }, { ...targetOf(net), goals }, 'l0');
  const wanted = Array.from(goals.dataSync());
  const reached = (labels: readonly number[]) => labels.filter((label, i) => label === wanted[i]).length;
  const [ours, theirs] = [reached(predictions(net, moved)), reached(found.data)];
  return { what: 'as many goals', found: `${ours}, ${theirs}`, holds: ours >= theirs };
}

export function variantComparisons(classifier: GoldenNet, segmenter: GoldenNet): Comparison[] {
  const scored = { ...targetOf(classifier), score };
  const all = casesOf('variants', (one, name) => {
    const { params } = one;
    const [file] = name.split(' ') as [string];
    if (file === 'fgsm') return eachByItself(classifier, one);
    if (file === 'jsma') return asManyGoals(classifier, one);
    if (file === 'mifgsm') {
      const { eps = 0, alpha = 0, steps = 0, decay = 0 } = params;
      const choice = { name: 'miFgsm', steps, stepSize: alpha / eps, decay } as const;
      const moved = attacked(classifier, choice, scored, ['linf', eps]);
      const right = mean(score(classifier.logits(moved), classifier.labels));
      return noMoreRight(right, one.accuracy);
    }
    if (file === 'seg-sea') {
      const { eps = 0, n_iter: steps = 0 } = params;
      const target = { ...targetOf(segmenter), score: pixels };
      const moved = attacked(segmenter, { name: 'cosPgd', steps, randomStart: false }, target, ['linf', eps]);
      return noMoreRight(
        mean(pixels(segmenter.logits(moved), segmenter.labels)),
        mean(one.pixel_accuracy.data),
      );
    }
    const choice =
      file === 'cw-l2'
        ? ({ name: 'carliniWagner', ...(params.c && { weight: params.c }) } as const)
        : ({ name: 'deepFool', overshoot: name.includes('art') ? 1e-6 : 0.02 } as const);
    return noFarther(
      classifier,
      nearest(classifier, choice, scored, 'l2'),
      one,
      file === 'cw-l2' ? 1.05 : 1.01,
    );
  });
  return all.map((one) => {
    const [file, ...rest] = one.name.split(' ') as [string, ...string[]];
    return { ...one, file, name: rest.join(' ') };
  });
}
