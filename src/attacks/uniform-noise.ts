import * as tf from '@tensorflow/tfjs';
import { defineAttack } from './attack.ts';

/**
 * A weaker control than `gaussianNoise`: each value moves by a uniform amount, in linf at most epsilon and on average
 * half of it. In l2 and l1, scaled so that the whole is of size epsilon before it is clipped to [0, 1].
 */
export const uniformNoise = defineAttack({
  defaults: {},
  direction(images, { ball, random }) {
    const noise = tf.tensor4d(random.uniforms(images.size, -1, 1), images.shape);
    return ball.norm === 'linf' ? noise : ball.unit(noise);
  },
});
