import * as tf from '@tensorflow/tfjs';
import { apgd } from './apgd.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { type Best, better, nothingYet } from './best.ts';
import { fooled } from './classes.ts';
import { fab } from './fab.ts';
import { lead } from './logit-losses.ts';
import { takeRows } from './rows.ts';
import { PUBLISHED_SCHEDULE, searchSquares, square } from './square.ts';

type Member = (images: tf.Tensor4D, context: AttackContext) => tf.Tensor4D;

/** Positions of the images that `best` does not fool the net with. */
function survivors({ images }: Best, context: AttackContext): number[] {
  return tf.tidy(() => fooled(context, context.logits(images)).flatMap((done, i) => (done ? [] : [i])));
}

/**
 * An ensemble of attacks that fail for different reasons, each on what the ones before it left: `apgd` with
 * cross-entropy and towards targets, `fab` towards targets, and `square`, which needs no gradient.
 *
 * The standard version of AutoAttack, Croce and Hein 2020, arXiv:2003.01690, section 5, which fixes all options so
 * that figures can be compared, with the schedule of `square` as published, for 10 000 queries. In l1, as in their code,
 * `apgd` has five restarts with cross-entropy and five targets; but there it has no larger balls first, and there is no
 * `square`. A random net needs `draws`; see `Target`. Towards goals, the members go for these alone.
 */
export const autoAttack = defineAttack({
  task: 'classification',
  defaults: {
    /** Of `apgd` and `fab`. */
    steps: 100,
    /** Classes that `apgd` and `fab` go for, the highest first. */
    targets: 9,
    /** Of `square`. */
    queries: 5000,
  },
  check(options) {
    for (const [option, value] of Object.entries(options)) requireCount('autoAttack', option, value);
  },
  perturb(images, context, { steps, targets, queries }) {
    const sparse = context.ball.norm === 'l1';
    const climb = { ...apgd.defaults, steps };
    const [restarts, ranks] = sparse ? [5, Math.min(5, targets)] : [1, targets];
    const members: Member[] = [
      (clean, part) => apgd.perturb!(clean, part, { ...climb, restarts }),
      (clean, part) => apgd.perturb!(clean, part, { ...climb, loss: 'targetedDlr', targets: ranks }),
      (clean, part) => part.ball.project(fab.minimise!(clean, part, { ...fab.defaults, steps, targets })),
    ];
    if (!sparse) {
      const setting = { ...square.defaults, queries, schedule: PUBLISHED_SCHEDULE };
      members.push((clean, part) => searchSquares(clean, part, setting));
    }
    let best: Best = { ...nothingYet(images), images: images.clone() };
    for (const member of members) {
      const open = survivors(best, context);
      if (open.length === 0) break;
      const part = context.take(open);
      const moved = member(takeRows(images, open), part);
      const { losses } = part.judge(moved, lead);
      best = better(best, moved, open, { losses, scores: new Float32Array(open.length).fill(1) });
    }
    return best.images;
  },
});
