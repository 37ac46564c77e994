import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { craft } from '../../src/attacks/craft.ts';
import { createAttack } from '../../src/attacks/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import { lossOf } from '../../src/losses/create.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { inference } from '../../src/robustness/target.ts';
import { checkTiles, tiled, tileStarts } from '../../src/robustness/tiles.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

const imagesOf = (height: number, width: number) =>
  tf.tensor4d(createRandom(4).uniforms(2 * height * width, 0, 1), [2, height, width, 1]);

/** A net that looks at one pixel: tiles can change nothing. */
const pixelwise = {
  logits: (images: tf.Tensor4D) => tf.concat([tf.square(images), tf.mul(images, 2).sub(1)], -1),
};

test('tiles cover a side from end to end, each at least as much of the next as was asked for', () => {
  assert.deepEqual(tileStarts(8, 8, 0.5), [0]);
  assert.deepEqual(tileStarts(16, 8, 0), [0, 8]);
  assert.deepEqual(tileStarts(17, 8, 0), [0, 5, 9]);
  for (const length of [8, 9, 15, 31, 64]) {
    for (const overlap of [0, 0.25, 0.5, 0.8]) {
      const starts = tileStarts(length, 8, overlap);
      assert.equal(starts[0], 0);
      assert.equal(starts.at(-1), length - 8);
      // Places are whole pixels.
      for (const [i, start] of starts.slice(1).entries()) {
        assert.ok(
          start - (starts[i] as number) <= Math.ceil(8 * (1 - overlap)),
          `${length}, ${overlap}: ${starts}`,
        );
      }
    }
  }
});

test('tiles have whole sides', () => {
  for (const size of [
    [0, 8],
    [8, 2.5],
  ] as const)
    assert.throws(() => checkTiles({ size, overlap: 0.5 }, [16, 16]), UsageError);
});

test('of a net that looks at single pixels, tiles give what the whole image gives, with its gradient', async () => {
  await noTensorLeak(() => {
    tf.tidy(() => {
      const images = imagesOf(13, 19);
      for (const overlap of [0, 0.25, 0.6]) {
        const { logits } = tiled(pixelwise, { size: [6, 8], overlap });
        assertClose(logits(images).dataSync(), pixelwise.logits(images).dataSync(), {
          relative: 1e-5,
          absolute: 1e-6,
        });
        const [tiles, whole] = [logits, pixelwise.logits].map((f) =>
          tf
            .grad((x) =>
              f(x as tf.Tensor4D)
                .square()
                .sum(),
            )(images)
            .dataSync(),
        );
        assertClose(tiles!, whole!, { relative: 1e-4, absolute: 1e-5 });
      }
    });
  });
});

test('where tiles overlap, the middle of a tile counts more than its border', () => {
  tf.tidy(() => {
    // Logits are the column in the tile.
    const columns = {
      logits: (images: tf.Tensor4D) => tf.range(0, 8).reshape([1, 1, 8, 1]).mul(tf.onesLike(images)),
    };
    const row = tiled(columns, { size: [4, 8], overlap: 0.5 })
      .logits(tf.zeros([1, 4, 12, 1]))
      .dataSync()
      .slice(0, 12);
    assertClose(row.slice(0, 4), [0, 1, 2, 3], { absolute: 1e-6 });
    // Column 4 is the fifth of one tile, near its middle, and the first of the other; column 7 the other way round.
    assert.ok((row[4] as number) > 3.9 && (row[4] as number) < 4, `${row}`);
    assert.ok((row[7] as number) > 3 && (row[7] as number) < 3.1, `${row}`);
  });
});

test('a tile of the size of the image is the net itself; an attack sees through the seams', async () => {
  await noTensorLeak(() => {
    const shape = { task: 'segmentation', imageShape: [8, 8, 1], classes: 2 } as const;
    const { model } = createNet({ name: 'unet', depth: 1, filters: 2 }, shape, createRandom(1));
    using net = inference(model);
    tf.tidy(() => {
      const small = imagesOf(8, 8);
      const same = tiled(net, { size: [8, 8], overlap: 0.25 });
      assertClose(same.logits(small).dataSync(), net.logits(small).dataSync(), {
        relative: 1e-5,
        absolute: 1e-6,
      });
      const images = imagesOf(14, 20);
      const { logits } = tiled(net, { size: [8, 8], overlap: 0.25 });
      const labels = images.squeeze([3]).greater(0.5).toInt();
      const loss = lossOf('crossEntropy');
      const target = { logits, labels, loss };
      const threat = { norm: 'linf', epsilon: 0.1 } as const;
      const moved = craft(createAttack({ name: 'fgsm' }), images, target, threat, createRandom(2));
      const lossOfImages = (x: tf.Tensor4D) => loss(logits(x), labels).dataSync();
      const [before, after] = [lossOfImages(images), lossOfImages(moved)];
      for (const i of [0, 1]) assert.ok((after[i] as number) > (before[i] as number));
      // Of every pixel, those where tiles meet too.
      const still = moved.equal(images).sum().dataSync()[0] as number;
      assert.ok(still < 0.2 * images.size, `${still} of ${images.size} pixels did not move`);
    });
    model.dispose();
  });
});

test('what cannot be tiled is refused in one line', () => {
  assert.throws(() => checkTiles({ size: [8, 8], overlap: 1 }, [16, 16]), /Overlap of tiles: .* received 1/);
  assert.throws(
    () => checkTiles({ size: [8, 20], overlap: 0 }, [16, 16]),
    /Tiles of 8x20: .* they are 16x16/,
  );
  const classes = { logits: (images: tf.Tensor4D) => images.mean([1, 2]) };
  tf.tidy(() => {
    assert.throws(
      () => tiled(classes, { size: [8, 8], overlap: 0 }).logits(imagesOf(16, 16)),
      /Tiles are for segmentation: .* received \[2,1\]/,
    );
  });
});
