import * as tf from '@tensorflow/tfjs';

/** The gradients of several batches, which together are those of one batch of all their images. */
export interface GradientSum extends Disposable {
  /** Adds the mean gradients of a batch of so many images, in the order of the weights; they stay the caller's. */
  add(gradients: readonly (tf.Tensor | undefined)[], images: number): void;
  /** The mean over all images added since the last time. The caller disposes. */
  take(): readonly (tf.Tensor | undefined)[];
}

export function gradientSum(): GradientSum {
  let sums: (tf.Tensor | undefined)[] = [];
  let count = 0;
  const clear = () => {
    tf.dispose(sums.filter((sum) => sum !== undefined));
    sums = [];
    count = 0;
  };
  return {
    add(gradients, images) {
      count += images;
      for (const [i, gradient] of gradients.entries()) {
        if (!gradient) continue;
        const before = sums[i];
        sums[i] = tf.tidy(() => {
          const own = tf.mul(gradient, images);
          return before ? tf.add(before, own) : own;
        });
        before?.dispose();
      }
    },
    take() {
      const means = sums.map((sum) => sum && tf.div(sum, count));
      clear();
      return means;
    },
    [Symbol.dispose]: clear,
  };
}
