import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, type AttackLoss, defineAttack, type Verdict } from './attack.ts';
import { autoPgd } from './auto-pgd.ts';
import { type Best, better, nothingYet, unfinished } from './best.ts';
import { type Aim, aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { steered } from './pixel-losses.ts';
import { takeRows } from './rows.ts';
import { seaLosses } from './sea-losses.ts';
import { startOf } from './start.ts';

/** A loss of this name for `probe`, at one of `steps` steps. */
function lossOf(name: string, aim: Aim, step: number, steps: number): AttackLoss {
  const make = seaLosses[name] as (typeof seaLosses)[string];
  return steered(aim, make(aim.towards, step, steps));
}

interface Stages {
  readonly steps: number;
  readonly rho: number;
  readonly radii: readonly number[];
  readonly shares: readonly number[];
}

/** Steps of each stage: its share, rounded down, and the rest for the last one. */
function stepsOf({ steps, shares }: Stages): number[] {
  const all = shares.slice(0, -1).map((share) => Math.max(1, Math.floor(share * steps)));
  return [...all, Math.max(1, steps - all.reduce((sum, count) => sum + count, 0))];
}

/** One loss through all stages, each from the image with the lowest score of the one before. */
function run(
  start: tf.Tensor4D,
  clean: tf.Tensor4D,
  context: AttackContext,
  stages: Stages,
  lossAt: (step: number, steps: number) => AttackLoss,
): ReturnType<typeof autoPgd> {
  const found = stepsOf(stages).reduce<{ images: tf.Tensor4D; verdict?: Verdict }>(
    ({ images }, steps, stage) => {
      const part = context.within((stages.radii[stage] as number) * context.ball.epsilon);
      let step = 0;
      return autoPgd(part.ball.project(images), clean, part, { steps, rho: stages.rho }, () =>
        lossAt(step++, steps),
      );
    },
    { images: start },
  );
  return { images: found.images, verdict: found.verdict as Verdict };
}

/**
 * The segmentation ensemble attack: Auto-PGD with several losses, first in larger balls, and of each image the worst.
 *
 * Croce, Singh and Hein 2023, arXiv:2306.12941, section 3: masked cross-entropy, SegPGD's loss, Jensen–Shannon
 * divergence and masked spherical loss; 300 steps each, of which 30 % within 2 epsilon and 30 % within 1.5. Step sizes
 * follow the mean cross-entropy, whatever the loss. An image whose score reaches 0 is left out by the losses that follow.
 */
export const sea = defineAttack({
  task: 'segmentation',
  rows: aimedRows,
  defaults: {
    /** For each loss. */
    steps: 300,
    /** One run each, out of `crossEntropy`, `maskedCrossEntropy`, `segPgd`, `jensenShannon`, `maskedSpherical`. */
    losses: ['maskedCrossEntropy', 'segPgd', 'jensenShannon', 'maskedSpherical'],
    rho: 0.75,
    /** Of the balls of the stages, as multiples of epsilon, the last being 1; and which share of the steps each takes. */
    radii: [2, 1.5, 1],
    shares: [0.3, 0.3, 0.4],
    randomStart: true,
    ...aimOptions,
  },
  check(options) {
    const { steps, rho, radii, shares } = options;
    const names = options.losses as readonly string[];
    requireCount('sea', 'steps', steps);
    const known = names.length > 0 && names.every((name) => Object.hasOwn(seaLosses, name));
    requireOption('sea', 'losses', known, `a list out of ${Object.keys(seaLosses).join(', ')}`, names);
    requireOption('sea', 'rho', rho > 0 && rho < 1, 'a number in (0, 1)', rho);
    const fit = radii.length > 0 && radii.at(-1) === 1 && radii.every((radius) => radius >= 1);
    requireOption('sea', 'radii', fit, 'multiples from 1, the last being 1', radii);
    const sum = shares.reduce<number>((total, share) => total + share, 0);
    const whole = shares.length === radii.length && shares.every((share) => share > 0);
    const fits = whole && Math.abs(sum - 1) < 1e-6;
    requireOption('sea', 'shares', fits, 'a share above 0 for each of radii, together 1', shares);
    checkAim('sea', options);
  },
  perturb(images, context, options) {
    const aim = aimOf(options, context);
    let best: Best = nothingYet(images);
    for (const name of options.losses) {
      const open = unfinished(best);
      if (open.length === 0) break;
      const before = best;
      let after = before;
      tf.tidy(() => {
        const part = context.take(open);
        const clean = takeRows(images, open);
        const start = startOf(clean, part, options);
        const { images: moved, verdict } = run(start, clean, part, options, (step, steps) =>
          lossOf(name, aim, step, steps),
        );
        after = better(before, moved, open, verdict);
        return after.images;
      });
      best = after;
    }
    return best.images;
  },
});
