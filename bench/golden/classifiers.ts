// Attacks on classifiers beside reference implementations.

import * as tf from '@tensorflow/tfjs';
import { judge } from '../../src/attacks/context.ts';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { dlr } from '../../src/attacks/logit-losses.ts';
import type { NormName } from '../../src/attacks/threat.ts';
import { createRandom } from '../../src/random.ts';
import { accuracy } from '../../src/robustness/metrics/accuracy.ts';
import { type GoldenNet, golden, type Stored, tensorOf } from '../../test/attacks/golden.ts';
import {
  atMost,
  attacked,
  both,
  type Case,
  type Comparison,
  casesOf,
  distances,
  lastIsBest,
  mean,
  nearest,
  nearlyAll,
  type Outcome,
  predictions,
  targetOf,
  within,
} from './comparison.ts';

const score = accuracy.perImage as NonNullable<typeof accuracy.perImage>;
const scored = (net: GoldenNet) => ({ ...targetOf(net), score });
const normOf = (name = '') => ({ Linf: 'linf', L2: 'l2', linf: 'linf', l2: 'l2' })[name] as NormName;

/** No image is taken for its label. */
function allFooled(net: GoldenNet, moved: tf.Tensor4D): Outcome {
  const labels = net.labels.dataSync();
  const fooled = predictions(net, moved).filter((label, i) => label !== labels[i]).length;
  return { what: 'all fooled', found: `${fooled} of ${labels.length}`, holds: fooled === labels.length };
}

/** FGSM, BIM and PGD: the same images. A targeted attack is the same one, raising minus the loss of its goal. */
export function steps(
  net: GoldenNet,
  file: string,
  norm: 'linf' | 'l2',
  goals: () => tf.Tensor,
): Comparison[] {
  return casesOf(file, ({ params, adversarial, start_delta, stability }) => {
    const { eps = 0, alpha, steps: count } = params;
    const untargeted = targetOf(net);
    const target = params.targeted
      ? {
          ...untargeted,
          labels: goals(),
          loss: (logits: tf.Tensor, labels: tf.Tensor) => untargeted.loss(logits, labels).neg<tf.Tensor1D>(),
        }
      : untargeted;
    const randomStart = start_delta !== undefined;
    const random = createRandom(1);
    const drawn = start_delta ? { ...random, uniforms: () => Float32Array.from(start_delta.data) } : random;
    const choice =
      count && alpha
        ? ({ name: 'pgd', steps: count, stepSize: alpha / eps, randomStart } as const)
        : ({ name: 'fgsm' } as const);
    const moved = attacked(net, choice, lastIsBest(target), [norm, eps], drawn).dataSync();
    if (norm === 'l2') return within('values', moved, adversarial.data, 1e-4);
    return nearlyAll(moved, { adversarial, ...(stability && { stability }) }, eps);
  });
}

const momentum = (net: GoldenNet) =>
  casesOf('mifgsm', (one) => {
    const { eps = 0, alpha = 0, steps: count = 0, decay = 0 } = one.params;
    const choice = { name: 'miFgsm', steps: count, stepSize: alpha / eps, decay } as const;
    const moved = attacked(net, choice, lastIsBest(scored(net)), ['linf', eps]);
    return nearlyAll(moved.dataSync(), one, eps);
  });

const deepFool = (net: GoldenNet) =>
  casesOf('deepfool', (one, name) => {
    const norm = name.endsWith('linf') ? 'linf' : 'l2';
    const moved = nearest(net, { name: 'deepFool' }, scored(net), norm);
    const same = within('values', moved.dataSync(), one.adversarial.data, 1e-3);
    return both(same, atMost('distances', distances(net, moved, norm), one[norm].data, 1.01));
  });

const carliniWagner = (net: GoldenNet) =>
  casesOf('cw-l2', (one) => {
    const { confidence = 0 } = one.params;
    const moved = nearest(net, { name: 'carliniWagner', confidence }, scored(net), 'l2');
    return both(allFooled(net, moved), atMost('distances', distances(net, moved, 'l2'), one.l2.data, 1.05));
  });

/** The references return their last try where they miss the goal, ours the clean image. */
const jsma = (net: GoldenNet) =>
  casesOf('jsma', (one) => {
    const { theta = 0, gamma = 0 } = one.params;
    const goals = tensorOf(net.stored.target_labels);
    const moved = nearest(net, { name: 'jsma', theta, gamma }, { ...scored(net), goals }, 'l0');
    const wanted = Array.from(goals.dataSync());
    const size = moved.size / wanted.length;
    const expected = wanted.flatMap((goal, i) => {
      const source = one.predictions.data[i] === goal ? one.adversarial : net.stored.inputs;
      return source.data.slice(i * size, (i + 1) * size);
    });
    const reached = predictions(net, moved).filter((label, i) => label === wanted[i]).length;
    const theirs = one.predictions.data.filter((label, i) => label === wanted[i]).length;
    const success = { what: 'as many goals', found: `${reached}, ${theirs}`, holds: reached === theirs };
    return both(success, within('values of those that reach them', moved.dataSync(), expected, 1e-6));
  });

const apgd = (net: GoldenNet) =>
  casesOf('apgd', (one) => {
    const { eps = 0, n_iter: count = 0, norm, loss } = one.params as Case['params'] & { loss: string };
    const kind = loss === 'dlr' ? 'dlr' : 'crossEntropy';
    const choice = { name: 'apgd', steps: count, loss: kind, randomStart: false } as const;
    const threat = [normOf(norm), eps] as const;
    const target = targetOf(net);
    const moved = attacked(net, choice, target, threat);
    const { losses } = judge({ ...target, loss: loss === 'dlr' ? dlr : target.loss }, moved);
    const least = Math.min(
      ...one.best_loss.data.map((best, i) => ((losses[i] as number) - best) / Math.abs(best)),
    );
    const raised = { what: 'losses to 0.1 %', found: `${(100 * least).toFixed(3)} %`, holds: least >= -1e-3 };
    const right = Array.from(score(net.logits(attacked(net, choice, scored(net), threat)), net.labels));
    const theirs = one.still_correct_over_all_iterations;
    const same = right.filter((value, i) => value === theirs[i]).length;
    const outcomes = { what: 'the same fooled', found: `${same} of ${theirs.length}`, holds: same === 8 };
    const strong = both(raised, outcomes);
    return threat[0] === 'linf' ? both(strong, nearlyAll(moved.dataSync(), one, eps)) : strong;
  });

interface Soft {
  readonly 'FAB minimum norms (autoattack)': Record<string, { norm_per_sample: Stored }>;
  readonly 'Square attack robust accuracy (autoattack, random: statistical reference only)': Record<
    string,
    { 'robust_accuracy_per_seed_0..4': number[] }
  >;
}

function soft(net: GoldenNet): Comparison[] {
  const {
    'FAB minimum norms (autoattack)': fab,
    'Square attack robust accuracy (autoattack, random: statistical reference only)': square,
  } = golden<Soft>('soft-references');
  const shared = { file: 'soft-references', peer: 'autoattack' };
  const norms = Object.entries(fab).map(([name, { norm_per_sample: theirs }]) => ({
    ...shared,
    name: `FAB ${name}`,
    compare: () =>
      tf.tidy(() => {
        const moved = nearest(net, { name: 'fab' }, scored(net), normOf(name));
        const found = distances(net, moved, normOf(name));
        return both(allFooled(net, moved), atMost('distances', found, theirs.data, 1.01));
      }),
  }));
  const rates = Object.entries(square).map(([name, { 'robust_accuracy_per_seed_0..4': theirs }]) => ({
    ...shared,
    name: `Square ${name}`,
    compare: () => {
      const [norm, eps] = name.split('_eps') as [string, string];
      const ours = theirs.map((_, seed) =>
        tf.tidy(() => {
          const threat = [normOf(norm), Number(eps)] as const;
          const choice = { name: 'square', queries: 1000 } as const;
          return mean(
            score(net.logits(attacked(net, choice, scored(net), threat, createRandom(seed))), net.labels),
          );
        }),
      );
      const [found, expected] = [mean(ours), mean(theirs)];
      return {
        what: 'accuracy left, mean of 5 seeds, to 0.05',
        found: `${found.toFixed(3)}, ${expected.toFixed(3)}`,
        holds: found <= expected + 0.05,
      };
    },
  }));
  return [...norms, ...rates];
}

interface Masked {
  readonly eps: number;
  readonly cases: Record<string, Record<string, number>>;
}

/** Where the scale of the logits hides the gradient: dlr as strong as theirs, cross-entropy no weaker. */
function masked(net: GoldenNet): Comparison[] {
  const { eps, cases } = golden<Masked>('gradient-masking');
  return Object.entries(cases).map(([name, one]) => ({
    file: 'gradient-masking',
    name,
    peer: 'autoattack',
    compare: () =>
      tf.tidy(() => {
        const logits = (images: tf.Tensor4D) => net.logits(images).mul(one.logit_scale as number);
        const under = { ...scored(net), logits };
        const left = (choice: Parameters<typeof attacked>[1]) => {
          const moved = craft(
            createAttack(choice),
            net.images,
            under,
            { norm: 'linf', epsilon: eps },
            createRandom(1),
          );
          return mean(score(logits(moved), net.labels));
        };
        const [byDlr, byPgd] = [
          left({ name: 'apgd', loss: 'dlr', randomStart: false }),
          left({ name: 'pgd', steps: 40, stepSize: 0.1, randomStart: false }),
        ];
        const [dlrTheirs = 0, pgdTheirs = 0] = [
          one.accuracy_apgd100_dlr_x_best_adv,
          one['accuracy_pgd40_ce_eps0.03_alpha0.003'],
        ];
        return {
          what: 'accuracy left by apgd with dlr, and by pgd, at most theirs',
          found: `${byDlr}, ${dlrTheirs}; ${byPgd}, ${pgdTheirs}`,
          holds: byDlr <= dlrTheirs && byPgd <= pgdTheirs,
        };
      }),
  }));
}

export function classifierComparisons(net: GoldenNet): Comparison[] {
  const goals = () => tensorOf(net.stored.target_labels);
  return [
    ...steps(net, 'fgsm', 'linf', goals),
    ...steps(net, 'bim', 'linf', goals),
    ...steps(net, 'pgd-linf', 'linf', goals),
    ...steps(net, 'pgd-l2', 'l2', goals),
    ...momentum(net),
    ...deepFool(net),
    ...carliniWagner(net),
    ...jsma(net),
    ...apgd(net),
    ...soft(net),
    ...masked(net),
  ];
}
