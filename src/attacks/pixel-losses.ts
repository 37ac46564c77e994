// Losses of the pixels of a segmentation, for attacks that weigh them by what the net makes of them.

import * as tf from '@tensorflow/tfjs';
import { sparseCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { stopGradient } from '../engine/ops/stop-gradient.ts';
import type { AttackLoss } from './attack.ts';
import type { Aim, Aimed } from './pixel-aim.ts';
import { noClass, predictedClasses } from './predicted.ts';

/** Of each pixel `[batch, height, width]` something to raise, before weights. */
export type PixelLoss = (logits: tf.Tensor, aimed: Aimed) => tf.Tensor;

/** 1 where the net takes a pixel for what its map says. */
export function matching(logits: tf.Tensor, map: tf.Tensor): tf.Tensor {
  return stopGradient(logits).argMax(-1).equal(map).toFloat();
}

/**
 * Of each image the share of the pixels aimed at that are where the attack wants them; 1 where none is aimed at. A pixel
 * with a logit that is NaN is nowhere.
 */
export function sharesDone(logits: tf.Tensor, map: tf.Tensor, towards: boolean): Float32Array {
  const predicted = predictedClasses(logits);
  const aims = map.dataSync<'int32'>();
  const batch = map.shape[0] as number;
  const size = aims.length / batch;
  return Float32Array.from({ length: batch }, (_, image) => {
    let [counted, done] = [0, 0];
    for (let i = image * size; i < (image + 1) * size; i++) {
      if (aims[i]! < 0) continue;
      counted++;
      if (predicted[i] !== noClass && (predicted[i] === aims[i]) === towards) done++;
    }
    return counted === 0 ? 1 : done / counted;
  });
}

/** The logit of the class on the map; 0 where there is none. */
export function logitAt(logits: tf.Tensor, map: tf.Tensor): tf.Tensor {
  const classes = logits.shape.at(-1) as number;
  return logits.mul(tf.oneHot(map.toInt(), classes).toFloat()).sum(-1);
}

/** How far a pixel still is from where the attack wants it, in logits: 0 where it is there. */
export function lag(logits: tf.Tensor, map: tf.Tensor, towards: boolean): tf.Tensor {
  const classes = logits.shape.at(-1) as number;
  const own = tf.oneHot(map.toInt(), classes).toFloat();
  const others = logits.sub(own.mul(1e30)).max(-1);
  const lead = logits.mul(own).sum(-1).sub(others);
  return (towards ? lead.neg() : lead).relu();
}

/** Cross-entropy with the label, or minus that with the goal. */
export function crossEntropyAway(logits: tf.Tensor, map: tf.Tensor, towards: boolean): tf.Tensor {
  const entropy = sparseCrossEntropy(logits, map);
  return towards ? entropy.neg() : entropy;
}

function perImage(values: tf.Tensor, weights: tf.Tensor): tf.Tensor1D {
  const batch = values.shape[0] as number;
  return values.mul(weights).reshape([batch, -1]).sum(1) as tf.Tensor1D;
}

/** The sum over the pixels aimed at, as a loss for `probe`. */
export function summed(aim: Aim, pixelLoss: PixelLoss): AttackLoss {
  return (logits, places) => {
    const aimed = aim.at(places, logits.shape.at(-1) as number);
    return aim.raised(perImage(pixelLoss(logits, aimed), aimed.weights));
  };
}

/**
 * Minus the lag of the pixels, as a loss for `probe` that also notes how much of each image is done.
 *
 * Of an image that is done altogether there is nothing left to follow; its gradient is that of the logits on the map, so
 * that it does not pass for a masked one.
 */
export function catchingUp(aim: Aim, note: (shares: Float32Array) => void): AttackLoss {
  return summed(aim, (logits, { map }) => {
    const shares = sharesDone(logits, map, aim.towards);
    note(shares);
    const done = tf.tensor3d(
      shares.map((share) => (share === 1 ? 1 : 0)),
      [shares.length, 1, 1],
    );
    return lag(logits, map, aim.towards).add(logitAt(logits, map).mul(done)).neg();
  });
}

/**
 * A loss for `probe` with the gradient of the mean of `slope`, and with the mean cross-entropy for its value: iterates
 * are compared by one loss, whatever weights another one gives the pixels on the way.
 */
export function steered(aim: Aim, slope: PixelLoss): AttackLoss {
  return (logits, places) => {
    const aimed = aim.at(places, logits.shape.at(-1) as number);
    const { map, weights } = aimed;
    const counted = perImage(map.greaterEqual(0).toFloat(), tf.scalar(1)).maximum(1);
    const mean = (values: tf.Tensor) => perImage(values, weights).div(counted) as tf.Tensor1D;
    const value = stopGradient(mean(crossEntropyAway(stopGradient(logits), map, aim.towards)));
    const along = mean(slope(logits, aimed));
    // The difference is 0, and its gradient that of `along`.
    return aim.raised(value.add(along.sub(stopGradient(along))));
  };
}
