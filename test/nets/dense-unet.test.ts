import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeChoice } from '../../src/nets/describe.ts';

/** Weights of a convolution with a bias, and of its normalisation. */
function convolution(size: number, inputs: number, filters: number, normalised = true): number {
  return size ** 2 * inputs * filters + filters * (normalised ? 3 : 1);
}

test('DenseUNet-167 is DenseNet-161 and the published decoder', () => {
  // torchvision's densenet161 has 28 681 000, its classifier 2209 for each of 1000 classes.
  const encoder = 28_681_000 - 2_209_000;
  const decoder =
    convolution(1, 2112, 2208, false) +
    convolution(3, 2208, 768) +
    convolution(3, 768, 384) +
    convolution(3, 384, 96) +
    convolution(3, 96, 96) +
    convolution(3, 96, 64) +
    convolution(1, 64, 3, false);
  const { parameters, stages } = describeChoice({ name: 'denseUnet' }, [512, 512, 3], 3);
  assert.equal(parameters.trainable, encoder + decoder);
  const shapes = new Map(stages.map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes.get('dense3'), [32, 32, 2112]);
  assert.deepEqual(shapes.get('final'), [16, 16, 2208]);
  assert.deepEqual(shapes.get('decoder4'), [32, 32, 768]);
  assert.deepEqual(shapes.get('decoder1'), [256, 256, 96]);
  assert.deepEqual(shapes.get('last'), [512, 512, 64]);
});
