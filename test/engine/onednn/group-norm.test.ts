import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

type Case = [images: number, pixels: number, channels: number, groups: number];

const cases: Case[] = [
  [2, 20, 6, 3],
  [3, 7, 8, 8],
  [1, 5, 5, 1],
  [4, 1, 12, 4],
  [50, 1, 33, 1],
  [1, 1, 1, 1],
  [2, 3, 1, 1],
  // Wider than a block of channels; in parts; enough rows for several.
  [2, 40, 300, 4],
  [1, 5000, 32, 8],
  [3, 4096, 17, 17],
  [3000, 1, 64, 1],
  [20, 100, 24, 2],
];

const epsilon = 1e-3;
/** Sums in another order, in single precision. */
const tolerance = { relative: 1e-4, absolute: 2e-5 };

describeNative('native group normalisation', () => {
  for (const [images, pixels, channels, groups] of cases) {
    it(`${images} images of ${pixels} pixels, ${channels} channels in ${groups} groups`, () => {
      const shape = [images, pixels, channels];
      const x = () => tf.add(tf.mul(normals('x', shape), 2), 3);
      const gamma = () => normals('gamma', [channels]);
      const beta = () => normals('beta', [channels]);
      const attributes = { groups, epsilon };
      const forward = () => runKernel('GroupNorm', { x: x(), gamma: gamma(), beta: beta() }, attributes);
      assertAgrees('GroupNorm', forward, tolerance);
      const dy = () => normals('dy', shape);
      const backward = () => {
        const [, mean, variance] = forward() as [tf.Tensor, tf.Tensor, tf.Tensor];
        return runKernel('GroupNormGrad', { x: x(), dy: dy(), mean, variance, gamma: gamma() }, attributes);
      };
      // The gradients of gamma and beta are sums over all images and pixels.
      const sums = { relative: 1e-4, absolute: 1e-6 * images * pixels + 5e-5 };
      assertAgrees('GroupNormGrad', backward, sums);
    });
  }

  it('of a group of equal values is beta, with a finite gradient', () => {
    const inputs = () => ({
      x: tf.fill([2, 9, 4], 7),
      gamma: normals('gamma', [4]),
      beta: normals('beta', [4]),
    });
    const forward = () => runKernel('GroupNorm', inputs(), { groups: 2, epsilon });
    assertAgrees('GroupNorm', forward, tolerance);
    const backward = () => {
      const [, mean, variance] = forward() as [tf.Tensor, tf.Tensor, tf.Tensor];
      const { x, gamma } = inputs();
      const dy = normals('dy', [2, 9, 4]);
      return runKernel('GroupNormGrad', { x, dy, mean, variance, gamma }, { groups: 2, epsilon });
    };
    assertAgrees('GroupNormGrad', backward, { relative: 1e-4, absolute: 1e-3 });
  });
});
