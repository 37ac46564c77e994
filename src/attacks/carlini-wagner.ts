import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { requireCount } from './ascend.ts';
import { type AttackContext, defineAttack } from './attack.ts';
import { fooled } from './classes.ts';
import { lead } from './logit-losses.ts';
import { imagesOf, rowsOf } from './rows.ts';

/** One image on its way; the image is (tanh w + 1) / 2. */
interface Search {
  readonly index: number;
  /** Of the clean image, drawn a millionth towards grey: the tangent hyperbolic reaches neither 0 nor 1. */
  readonly start: Float64Array;
  readonly clean: Float64Array;
  /** The weight of the class in the loss, and between which values it is looked for. */
  weight: number;
  low: number;
  high: number;
  best: Float32Array;
  distance: number;
}

/** One run with one weight. */
interface Descent {
  readonly search: Search;
  readonly w: Float64Array;
  readonly mean: Float64Array;
  readonly square: Float64Array;
  lossAtCheck: number;
  found: boolean;
}

interface Setting {
  readonly steps: number;
  readonly learningRate: number;
  readonly confidence: number;
}

/** Adam's own constants. */
const [BETA1, BETA2, TINY] = [0.9, 0.999, 1e-8];
/** A tenth of the steps must lower the loss by this share, or the run ends. */
const PROGRESS = 0.9999;

const imageOf = (w: Float64Array) => Float32Array.from(w, (value) => (Math.tanh(value) + 1) / 2);

/** A step of Adam down ‖x − clean‖² + weight · max(confidence − lead, 0), of which `slope` is that of the lead. */
function descend(
  { search, w, mean, square }: Descent,
  x: Float32Array,
  slope: Float32Array,
  count: number,
  rate: number,
): void {
  const corrected = (rate * Math.sqrt(1 - BETA2 ** count)) / (1 - BETA1 ** count);
  for (let i = 0; i < w.length; i++) {
    const value = x[i] as number;
    const byImage = 2 * (value - (search.clean[i] as number)) - search.weight * (slope[i] as number);
    // The slope of (tanh w + 1) / 2.
    const gradient = byImage * 2 * value * (1 - value);
    mean[i] = BETA1 * (mean[i] as number) + (1 - BETA1) * gradient;
    square[i] = BETA2 * (square[i] as number) + (1 - BETA2) * gradient ** 2;
    w[i] = (w[i] as number) - (corrected * (mean[i] as number)) / (Math.sqrt(square[i] as number) + TINY);
  }
}

/** Runs of all images at once; those that no longer get on are left out. */
function run(
  descents: readonly Descent[],
  context: AttackContext,
  setting: Setting,
  like: tf.Tensor4D,
): void {
  const { steps, learningRate, confidence } = setting;
  const between = Math.ceil(steps / 10);
  let open = [...descents];
  for (let step = 1; step <= steps && open.length > 0; step++) {
    tf.tidy(() => {
      const part = context.take(open.map(({ search }) => search.index));
      const xs = open.map(({ w }) => imageOf(w));
      const { losses, gradient } = part.probe(imagesOf(xs, like), lead);
      const slopes = rowsOf(gradient);
      open = open.filter((descent, i) => {
        const { search } = descent;
        const [x, ahead] = [xs[i] as Float32Array, losses[i] as number];
        let squared = 0;
        for (const [k, value] of x.entries()) squared += (value - (search.clean[k] as number)) ** 2;
        if (ahead > 0 && ahead >= confidence) {
          descent.found = true;
          if (squared < search.distance) Object.assign(search, { distance: squared, best: x });
        }
        const missing = Math.max(confidence - ahead, 0);
        const loss = squared + search.weight * missing;
        const slope = missing > 0 ? (slopes[i] as Float32Array) : new Float32Array(x.length);
        if (!slope.every(Number.isFinite)) return false;
        descend(descent, x, slope, step, learningRate);
        if (step % between !== 0) return true;
        const goesOn = loss <= PROGRESS * descent.lossAtCheck;
        descent.lossAtCheck = loss;
        return goesOn;
      });
    });
  }
}

/** The next weight: ten times as large until the class changes, then half-way between the last that did and did not. */
function reweight(search: Search, found: boolean): void {
  if (found) search.high = Math.min(search.high, search.weight);
  else search.low = Math.max(search.low, search.weight);
  search.weight =
    search.high === Number.POSITIVE_INFINITY ? 10 * search.weight : (search.low + search.high) / 2;
}

/**
 * Carlini and Wagner's attack in l2: Adam on the squared distance plus a weight times how much the net is still right,
 * with the weight looked for by bisection, for each image by itself.
 *
 * Carlini and Wagner 2017, arXiv:1608.04644, sections V and VI-A: f₆, the change of variables to tanh, 1000 steps (the
 * paper: 10 000) of which a run takes fewer where a tenth of them lowers the loss by less than a ten-thousandth. Costs
 * up to `searches` × `steps` gradients an image; `fab` finds about as near images for a hundredth of that.
 */
export const carliniWagner = defineAttack({
  task: 'classification',
  norms: ['l2'],
  defaults: {
    /** How many weights are tried. */
    searches: 9,
    /** With each weight, at most. */
    steps: 1000,
    learningRate: 0.01,
    /** The first weight. */
    weight: 0.001,
    /** The lead that the wrong class shall have. */
    confidence: 0,
  },
  check({ searches, steps, learningRate, weight, confidence }) {
    requireCount('carliniWagner', 'searches', searches);
    requireCount('carliniWagner', 'steps', steps);
    requireOption('carliniWagner', 'learningRate', learningRate > 0, 'a number above 0', learningRate);
    requireOption('carliniWagner', 'weight', weight > 0, 'a number above 0', weight);
    requireOption('carliniWagner', 'confidence', confidence >= 0, 'a number from 0', confidence);
  },
  minimise(images, context, { searches, weight, ...setting }) {
    const done = tf.tidy(() => fooled(context, context.logits(images)));
    const all = rowsOf(images).map((row, index): Search => {
      const start = Float64Array.from(row, (value) => Math.atanh(0.999999 * (2 * value - 1)));
      return {
        index,
        start,
        clean: Float64Array.from(imageOf(start)),
        weight,
        low: 0,
        high: Number.POSITIVE_INFINITY,
        best: row.slice(),
        distance: done[index] ? 0 : Number.POSITIVE_INFINITY,
      };
    });
    const open = all.filter(({ index }) => !done[index]);
    for (let i = 0; i < searches; i++) {
      const descents = open.map(
        (search): Descent => ({
          search,
          w: search.start.slice(),
          mean: new Float64Array(search.start.length),
          square: new Float64Array(search.start.length),
          lossAtCheck: Number.POSITIVE_INFINITY,
          found: false,
        }),
      );
      run(descents, context, setting, images);
      for (const { search, found } of descents) reweight(search, found);
    }
    return imagesOf(
      all.map(({ best }) => best),
      images,
    );
  },
});
