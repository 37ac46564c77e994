import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { defineAttack } from './attack.ts';
import { norms } from './norms.ts';
import { aimedRows, aimOf, aimOptions, checkAim } from './pixel-aim.ts';
import { catchingUp } from './pixel-losses.ts';
import { takeRows } from './rows.ts';

/**
 * Dense adversary generation: adds steps of one length, along the gradient over the pixels that are not yet where they
 * should be, until enough of them are.
 *
 * Xie et al. 2017, arXiv:1703.08603, algorithm 1: in linf each step is divided by its largest value, as theirs is.
 * What is lowered is the lead of a pixel's label over the best other class (towards a goal, of the class in the lead
 * over the goal), as in their code. In l2 each step is divided by its length, as the medical groups do, whose targets
 * are `background`, `swap` and `dilate` (Paschali et al. 2018, arXiv:1804.00504). A departure: the image is clipped to
 * [0, 1] before each pass, and values beyond are moved no further. One run serves all epsilons; where not enough is
 * reached, the last image is returned.
 */
export const dag = defineAttack({
  task: 'segmentation',
  rows: aimedRows,
  defaults: {
    steps: 200,
    /**
     * The length of a step, as a share of the largest distance of two images: in linf of 1, in l2 of the root of the
     * number of values. The published 0.5 of 255; at 256 × 256 that is also the 0.5 of the medical groups in l2.
     */
    stepSize: 0.5 / 255,
    /** The share of the pixels aimed at that must be where the attack wants them. */
    enough: 0.99,
    ...aimOptions,
  },
  check(options) {
    const { steps, stepSize, enough } = options;
    requireCount('dag', 'steps', steps);
    requireOption('dag', 'stepSize', stepSize > 0, 'a number above 0', stepSize);
    requireOption('dag', 'enough', enough > 0 && enough <= 1, 'a number in (0, 1]', enough);
    checkAim('dag', options);
  },
  minimise(images, context, { steps, stepSize, enough, ...options }) {
    const aim = aimOf(options, context);
    const length = stepSize * norms[context.ball.norm].largest(images.size / images.shape[0]);
    const found: tf.Tensor4D[] = [];
    let open = [...Array(images.shape[0]).keys()];
    let sum = tf.zerosLike(images);
    for (let step = 0; step <= steps && open.length > 0; step++) {
      const before = sum;
      const left: number[] = [];
      const made = tf.tidy(() => {
        const part = context.take(open);
        const sought = tf.add<tf.Tensor4D>(takeRows(images, open), before);
        const moved = tf.clipByValue<tf.Tensor4D>(sought, 0, 1);
        let shares: Float32Array = new Float32Array();
        const loss = catchingUp(aim, (now) => {
          shares = now;
        });
        const gradient = step < steps ? part.probe(moved, loss).gradient : undefined;
        if (gradient) left.push(...[...shares.keys()].filter((i) => shares[i]! < enough));
        const done = [...open.keys()].filter((i) => !left.includes(i));
        const rows = done.map((i) => ({ index: open[i] as number, image: takeRows(moved, [i]) }));
        if (!gradient || left.length === 0) return { rows };
        // A value beyond [0, 1] changes nothing by going further.
        const free = gradient.mul(sought.equal(moved).toFloat()) as tf.Tensor4D;
        return { rows, next: takeRows(before.add(part.ball.unit(free).mul(length)) as tf.Tensor4D, left) };
      });
      for (const { index, image } of made.rows) found[index] = image;
      before.dispose();
      open = left.map((i) => open[i] as number);
      if (made.next) sum = made.next;
    }
    return tf.concat(found);
  },
});
