import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { structuralSimilarity } from '../../../src/engine/ops/structural-similarity.ts';
import { assertAgrees, describeNative, normals } from './support.ts';

const options = { weights: [0.2, 0.5, 0.3], c1: 1e-4, c2: 9e-4 };

describeNative('native structural similarity', () => {
  for (const shape of [
    [3, 9, 7, 3],
    [2, 3, 70, 1],
    [1, 3, 3, 2],
  ] as const) {
    it(`[${shape}]`, () => {
      const images = (name: string) => normals(name, shape).sigmoid() as tf.Tensor4D;
      const noisy = () => images('x').add(normals('noise', shape).mul(0.1)) as tf.Tensor4D;
      assertAgrees('of noisy images', () => structuralSimilarity(images('x'), noisy(), options));
      assertAgrees('of others', () => structuralSimilarity(images('x'), images('y'), options));
      assertAgrees('of equal ones', () => structuralSimilarity(images('x'), images('x'), options), {
        relative: 0,
        absolute: 0,
      });
    });
  }

  it('is that of the operations of tfjs', () => {
    const shape = [2, 12, 13, 3] as const;
    const [x, y] = [normals('x', shape).sigmoid(), normals('y', shape).sigmoid()] as [
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const composed = tf.tidy(() => {
      const weights = tf.outerProduct(options.weights, options.weights).reshape([3, 3, 1, 1]);
      const blur = (map: tf.Tensor) =>
        tf.depthwiseConv2d(map as tf.Tensor4D, tf.tile(weights, [1, 1, 3, 1]) as tf.Tensor4D, 1, 'valid');
      const [a, b, aa, bb, ab] = [x, y, x.square(), y.square(), x.mul(y)].map(blur) as [
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
        tf.Tensor,
      ];
      const luminance = a.mul(b).mul(2).add(options.c1).div(a.square().add(b.square()).add(options.c1));
      const above = ab.sub(a.mul(b)).mul(2).add(options.c2);
      const below = aa.sub(a.square()).add(bb.sub(b.square())).add(options.c2);
      return luminance.mul(above).div(below).mean([1, 2, 3]).dataSync();
    });
    const found = structuralSimilarity(x, y, options).dataSync();
    for (const [i, value] of composed.entries()) assert.ok(Math.abs(value - found[i]!) < 1e-5);
    tf.dispose([x, y]);
  });
});
