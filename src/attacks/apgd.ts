import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, type AttackLoss, defineAttack } from './attack.ts';
import { type AutoPgdOptions, autoPgd } from './auto-pgd.ts';
import { type Best, better, nothingYet, unfinished } from './best.ts';
import { ranking } from './classes.ts';
import { crossEntropy, dlr, dlrTowards, lead } from './logit-losses.ts';
import { rowsOf, takeRows } from './rows.ts';
import { startOf } from './start.ts';

const LOSSES = ['crossEntropy', 'dlr', 'targetedDlr'] as const;

/** Of each image the classes to go for, one after the other: those that rank highest, clean, after its label. */
function targetsOf(images: tf.Tensor4D, context: AttackContext, count: number): number[][] {
  return tf.tidy(() => {
    const labels = context.labels.dataSync();
    return rowsOf(context.logits(images)).map((row, i) =>
      ranking(row)
        .filter((label) => label !== labels[i])
        .slice(0, count),
    );
  });
}

interface Run extends AutoPgdOptions {
  readonly randomStart: boolean;
  readonly restart: number;
}

/** One run over what is not finished yet. */
function run(
  images: tf.Tensor4D,
  context: AttackContext,
  best: Best,
  options: Run,
  lossOf: (row: readonly number[]) => AttackLoss,
): Best {
  const open = unfinished(best);
  if (open.length === 0) return best;
  return tf.tidy(() => {
    const part = context.take(open);
    const clean = takeRows(images, open);
    const start = startOf(clean, part, options);
    const at = (rows: readonly number[]) => rows.map((row) => open[row] as number);
    const { images: moved, verdict } = autoPgd(start, clean, part, options, (rows) => lossOf(at(rows)));
    // The lead, so that runs with other losses or targets can be compared.
    const { losses } = part.judge(moved, context.labels.rank === 1 ? lead : crossEntropy);
    const found = better(best, moved, open, { ...verdict, losses });
    return { ...found, images: found.images };
  });
}

/**
 * Auto-PGD: PGD with momentum that chooses its step sizes by itself.
 *
 * The steps are those of Croce and Hein 2020, arXiv:2003.01690, algorithm 1, section 3; in l1 those of their later work,
 * Croce and Hein 2021, arXiv:2103.01208, without its larger balls first. A start on request is uniform in the ball
 * and not, as in their code, on its border; an image is left out as soon as it is finished.
 */
export const apgd = defineAttack({
  defaults: {
    steps: 100,
    /**
     * `crossEntropy`, `dlr` (difference of logits ratio; `margin` with two classes), or `targetedDlr`: one run each
     * towards the `targets` classes that rank next. The latter two are for classification. A targeted attack
     * takes the lead of the goal for both.
     */
    loss: 'crossEntropy',
    targets: 9,
    rho: 0.75,
    randomStart: true,
    restarts: 1,
  },
  check({ steps, loss, targets, rho, randomStart, restarts }) {
    for (const [option, value] of Object.entries({ steps, targets, restarts }))
      requireCount('apgd', option, value);
    requireOption('apgd', 'loss', (LOSSES as readonly string[]).includes(loss), LOSSES.join(', '), loss);
    requireOption('apgd', 'rho', rho > 0 && rho < 1, 'a number in (0, 1)', rho);
    requireOption('apgd', 'restarts', randomStart || restarts === 1, '1 without randomStart', restarts);
  },
  perturb(images, context, { loss, targets, restarts, ...options }) {
    if (loss !== 'crossEntropy' && context.labels.rank !== 1) {
      throw new UsageError(`The attack apgd: the loss ${loss} is for classification. Take crossEntropy.`);
    }
    const ranked = loss === 'targetedDlr' && !context.goals ? targetsOf(images, context, targets) : undefined;
    let best = nothingYet(images);
    for (let restart = 0; restart < restarts; restart++) {
      if (!ranked) {
        const unscaled = context.goals ? lead : dlr;
        best = run(images, context, best, { ...options, restart }, () =>
          loss === 'crossEntropy' ? crossEntropy : unscaled,
        );
        continue;
      }
      for (let rank = 0; rank < (ranked[0]?.length ?? 0); rank++) {
        best = run(images, context, best, { ...options, restart: restart + rank }, (rows) =>
          dlrTowards(rows.map((row) => ranked[row]?.[rank] as number)),
        );
      }
    }
    return best.images;
  },
});
