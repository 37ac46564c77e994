// The gradients of a step now and then, for histograms: training goes on as without.

import * as tf from '@tensorflow/tfjs';
import type { Learner } from './step.ts';

/** Disposing frees what was kept. */
export interface GradientWatch extends Disposable {
  /** The same learner, watched. */
  watching(learner: Learner): Learner;
  /** Keeps the gradients of the next step, in the place of those kept before. */
  arm(): void;
  /** The gradients kept last, in the order of the weights; none after that. The caller disposes them. */
  take(): readonly (tf.Tensor | undefined)[];
}

export function watchGradients(): GradientWatch {
  let armed = false;
  let kept: readonly (tf.Tensor | undefined)[] = [];
  const free = () => {
    for (const gradient of kept) gradient?.dispose();
    kept = [];
  };
  return {
    watching(learner) {
      const { optimizer } = learner;
      const step: typeof optimizer.step = (gradients, at) => {
        if (armed) {
          free();
          // Shares the memory of the gradient: nothing is copied.
          kept = gradients.map((gradient) => gradient && tf.keep(gradient.clone()));
          armed = false;
        }
        optimizer.step(gradients, at);
      };
      return { ...learner, optimizer: { ...optimizer, step } };
    },
    arm() {
      armed = true;
    },
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    [Symbol.dispose]: free,
  };
}
