// Attacks on segmenters beside reference implementations.

import * as tf from '@tensorflow/tfjs';
import type { Target } from '../../src/attacks/attack.ts';
import { pixelAccuracy } from '../../src/robustness/metrics/pixel-accuracy.ts';
import { type GoldenNet, tensorOf } from '../../test/attacks/golden.ts';
import { steps } from './classifiers.ts';
import {
  atMost,
  attacked,
  both,
  type Comparison,
  casesOf,
  distances,
  mean,
  nearlyAll,
  targetOf,
  within,
} from './comparison.ts';

const accuracyOf = pixelAccuracy.perImage as NonNullable<typeof pixelAccuracy.perImage>;

const nextClass = (net: GoldenNet) =>
  net.labels.add(tf.scalar(1, 'int32')).mod(tf.scalar(3, 'int32')).toInt();

const towards = (net: GoldenNet, targeted: unknown): Target =>
  targeted ? { ...targetOf(net), goals: nextClass(net) } : targetOf(net);

/** The references return the last iterate, ours the best: what the net sees last is the former. */
const weighted = (net: GoldenNet, file: string, name: 'segPgd' | 'cosPgd') =>
  casesOf(file, (one) => {
    const { eps = 0, alpha = 0, steps: count = 0 } = one.params;
    let last = new Float32Array();
    const target = towards(net, one.params.targeted);
    const watched = {
      ...target,
      logits(images: tf.Tensor4D) {
        last = images.dataSync<'float32'>().slice();
        return target.logits(images);
      },
    };
    const choice = { name, steps: count, stepSize: alpha / eps, randomStart: false };
    attacked(net, choice, watched, ['linf', eps]);
    return nearlyAll(last, one, eps);
  });

const seaNames: Readonly<Record<string, string>> = {
  'ce-avg': 'crossEntropy',
  'mask-ce-avg': 'maskedCrossEntropy',
  'segpgd-loss': 'segPgd',
  'js-avg': 'jensenShannon',
  'mask-norm-corrlog-avg': 'maskedSpherical',
};

const sea = (net: GoldenNet) =>
  casesOf('seg-sea', (one, name) => {
    const { eps = 0, n_iter: count = 0 } = one.params;
    let calls = 0;
    // The latest of images that are as bad, as the reference has it.
    const score: NonNullable<Target['score']> = (logits, labels) =>
      accuracyOf(logits, labels).map((accuracy) => accuracy + 1e-4 / (1 + calls++ / 1000));
    const stages = { radii: [1], shares: [1], randomStart: false };
    const choice = { name: 'sea', losses: [seaNames[name] as string], steps: count, ...stages } as const;
    const moved = attacked(net, choice, { ...targetOf(net), score }, ['linf', eps]);
    return nearlyAll(moved.dataSync(), one, eps);
  });

/** The images where the file has them; else, steps as long, and as much at the goal. */
const dag = (net: GoldenNet) =>
  casesOf('seg-dag', ({ params, adversarial, fraction_equal_to_target: reached }) => {
    const norm = (params.p as unknown) === 'inf' ? 'linf' : 'l2';
    const largest = norm === 'linf' && adversarial ? 1 : Math.sqrt(16 * 16 * 3);
    const stepSize = (params.gamma as number) / largest;
    if (adversarial) {
      const options = { steps: params.max_iter as number, enough: params.adv_threshold as number };
      const choice = { name: 'dag', stepSize, ...options } as const;
      const moved = attacked(net, choice, towards(net, params.targeted), [norm, largest]);
      return within('values', moved.dataSync(), adversarial.data, 1e-4);
    }
    const goals = tensorOf(params.target as NonNullable<typeof params.target>);
    const everywhere = tf.fill(goals.shape, -1, 'int32');
    const aimed = params.no_background ? tf.where(net.labels.greater(0), goals, everywhere) : goals;
    const choice = { name: 'dag', steps: params.num_iterations as number, stepSize, enough: 1 } as const;
    const moved = attacked(net, choice, { ...targetOf(net), goals: aimed }, ['l2', largest]);
    const share = mean(net.logits(moved).argMax(-1).equal(goals).toFloat().dataSync());
    const theirs = mean(reached.data);
    return {
      what: 'share at the goal at least theirs, to 0.005',
      found: `${share.toFixed(4)}, ${theirs.toFixed(4)}`,
      holds: share >= theirs - 0.005,
    };
  });

/** As far on, by perturbations no larger. */
const minimal = (net: GoldenNet) =>
  casesOf('seg-minimal', ({ params, linf, l2, pixel_accuracy: left }, name) => {
    if (name.includes('asma')) {
      const { tau = 0, beta = 0, adv_threshold: enough = 0 } = params;
      // Its 300 steps are as long as the overlap over the whole batch makes them; ours are of each image.
      const choice = { name: 'asma', tau, beta, steps: 600, enough } as const;
      const moved = attacked(net, choice, towards(net, true), ['l2', 27]);
      const share = Math.min(
        ...tf.mean(net.logits(moved).argMax(-1).equal(nextClass(net)).toFloat(), [1, 2]).dataSync(),
      );
      const reached = {
        what: `share at the goal ${enough}`,
        found: share.toFixed(3),
        holds: share >= enough,
      };
      return both(reached, atMost('distances', distances(net, moved, 'l2'), l2.data, 1));
    }
    const enough = 0.55;
    const moved = attacked(net, { name: 'segBisection', enough }, targetOf(net), ['linf', 1]);
    const wrong = Array.from(accuracyOf(net.logits(moved), net.labels), (accuracy) => 1 - accuracy);
    const least = Math.min(...wrong);
    const reached = { what: `share wrong ${enough}`, found: least.toFixed(3), holds: least >= enough - 1e-6 };
    // Where theirs gets as far.
    const far = left.data.flatMap((accuracy, i) => (1 - accuracy >= enough ? [i] : []));
    const found = distances(net, moved, 'linf');
    const ours = far.map((i) => found[i] as number);
    return both(
      reached,
      atMost(
        'distances',
        ours,
        far.map((i) => linf.data[i] as number),
        1,
      ),
    );
  });

export function segmenterComparisons(net: GoldenNet): Comparison[] {
  return [
    ...steps(net, 'seg-fgsm', 'linf', () => nextClass(net)),
    ...steps(net, 'seg-pgd', 'linf', () => nextClass(net)),
    ...weighted(net, 'seg-segpgd', 'segPgd'),
    ...weighted(net, 'seg-cospgd', 'cosPgd'),
    ...sea(net),
    ...dag(net),
    ...minimal(net),
  ];
}
