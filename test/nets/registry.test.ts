// What holds for every net of the registry, on tiny images.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import * as ownLayers from '../../src/engine/layers/registry.ts';
import { UsageError } from '../../src/errors.ts';
import { type NetChoice, resolveNet } from '../../src/nets/create.ts';
import { reseedDropout } from '../../src/nets/dropout.ts';
import { createRandom } from '../../src/random.ts';
import { assertClose, noTensorLeak } from '../support.ts';
import { batch, build, definitions, inputShape, randomImages, type Tiny, tinies } from './tinies.ts';

/** The main output at inference. */
function logitsOf(model: tf.LayersModel, images: tf.Tensor): Float32Array {
  return tf.tidy(() => {
    const outputs = model.predict(images) as tf.Tensor | tf.Tensor[];
    return (Array.isArray(outputs) ? outputs[0]! : outputs).dataSync() as Float32Array;
  });
}

function weightsOf(model: tf.LayersModel): Map<string, Float32Array> {
  return new Map(
    model.weights.map((weight) => [weight.originalName, weight.read().dataSync() as Float32Array]),
  );
}

/** All outputs in training, each weighted at random and summed. */
function trainingLoss(model: tf.LayersModel, tiny: Tiny): tf.Scalar {
  const random = createRandom(2);
  const outputs = [model.apply(randomImages(tiny), { training: true })].flat() as tf.Tensor[];
  const weigh = (x: tf.Tensor) => x.mul(tf.tensor(random.normals(x.size, 0, 1), x.shape)).sum();
  return tf.addN(outputs.map(weigh)) as tf.Scalar;
}

/** Gradient of the training loss for every parameter. */
function gradientsOf(model: tf.LayersModel, tiny: Tiny): Map<string, Float32Array> {
  const parameters = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const found = new Map<string, Float32Array>();
  tf.tidy(() => {
    const { grads } = tf.variableGrads(() => trainingLoss(model, tiny), parameters);
    for (const [i, { originalName }] of model.trainableWeights.entries()) {
      found.set(originalName, grads[parameters[i]!.name]!.dataSync() as Float32Array);
    }
  });
  return found;
}

async function savedArtifacts(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  const saved: tf.io.ModelArtifacts[] = [];
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved.push(artifacts);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return saved[0]!;
}

/** Plain tfjs refuses others: docs/decisions/0016-layers-of-our-own.md. */
function isStandard(model: tf.LayersModel): boolean {
  return model.layers.every((layer) => !Object.hasOwn(ownLayers, layer.getClassName()));
}

/** Loads models in a process that has tfjs and nothing of ours, and gives what they make of images of 0.25. */
function predictInPlainTfjs(
  models: readonly { artifacts: tf.io.ModelArtifacts; shape: number[] }[],
): number[][] {
  const program = `
    import * as tf from '@tensorflow/tfjs';
    const models = JSON.parse(await new Response(process.stdin).text());
    const outputs = [];
    for (const { modelTopology, weightSpecs, weights, shape } of models) {
      const weightData = new Uint8Array(Buffer.from(weights, 'base64')).buffer;
      const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
      outputs.push(Array.from([model.predict(tf.fill(shape, 0.25))].flat()[0].dataSync()));
    }
    process.stdout.write('\\nRESULT' + JSON.stringify(outputs));
  `;
  const input = models.map(({ artifacts: { modelTopology, weightSpecs, weightData }, shape }) => {
    const weights = Buffer.from(weightData as ArrayBuffer).toString('base64');
    return { modelTopology, weightSpecs, weights, shape };
  });
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('../..', import.meta.url),
    input: JSON.stringify(input),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(printed.toString().split('RESULT')[1]!);
}

const all = Object.values(tinies).flat();

describe('every net', () => {
  before(() => useEngine('auto'));

  for (const tiny of all) {
    const { choice, classes } = tiny;
    const size = inputShape(tiny);
    const segmentation = definitions[choice.name]!.task === 'segmentation';

    describe(`${JSON.stringify(choice)} on ${size.join('×')}`, () => {
      test('gives logits of the promised shape', async () => {
        const net = build(tiny);
        assert.equal(net.name, choice.name);
        assert.equal(net.auxiliaryWeights.length, net.model.outputs.length - 1);
        const expected = segmentation ? [...size.slice(0, -1), classes] : [classes];
        for (const output of net.model.outputs) assert.deepEqual(output.shape, [null, ...expected]);
        const images = randomImages(tiny);
        const logits = await noTensorLeak(() => logitsOf(net.model, images));
        assert.equal(logits.length, batch * expected.reduce((product, size) => product * size, 1));
        assert.ok(logits.some((logit) => logit < 0));
        const sums = Array.from({ length: logits.length / classes }, (_, i) =>
          logits.slice(i * classes, (i + 1) * classes).reduce((sum, logit) => sum + logit, 0),
        );
        assert.ok(
          sums.some((sum) => Math.abs(sum - 1) > 0.01),
          'these are probabilities',
        );
        net.model.dispose();
        images.dispose();
      });

      test('has a gradient for every parameter', async () => {
        const { model } = build(tiny);
        for (const [name, values] of await noTensorLeak(() => gradientsOf(model, tiny))) {
          assert.ok(values.every(Number.isFinite), `${name} is not finite`);
          assert.ok(
            values.some((value) => value !== 0),
            `${name} has no gradient`,
          );
        }
        model.dispose();
      });

      test('does the same in training when seeded the same', () => {
        const run = (step: string) => {
          const { model } = build(tiny);
          reseedDropout(model, createRandom(3).stream(step));
          const loss = tf.tidy(() => trainingLoss(model, tiny).dataSync()[0]);
          const averages = weightsOf(model);
          model.dispose();
          return { loss, averages };
        };
        assert.deepEqual(run('dropout/1'), run('dropout/1'));
      });

      test('has weights that are a function of the seed', () => {
        const [first, again, other] = [build(tiny, 1), build(tiny, 1), build(tiny, 2)];
        const [a, b, c] = [first, again, other].map(({ model }) => weightsOf(model));
        assert.deepEqual(a, b);
        const kernels = [...a!].filter(([name]) => name.endsWith('kernel'));
        for (const [name, values] of kernels) assert.notDeepEqual(c!.get(name), values, name);
        // No layer repeats another's draws.
        assert.equal(new Set(kernels.map(([, values]) => values[0])).size, kernels.length);
        for (const { model } of [first, again, other]) model.dispose();
      });

      test('infers each image alone as in a batch', async () => {
        const { model } = build(tiny);
        const images = randomImages(tiny);
        const together = logitsOf(model, images);
        const alone = tf.unstack(images).flatMap((image) => {
          const single = image.expandDims();
          const logits = Array.from(logitsOf(model, single));
          tf.dispose([image, single]);
          return logits;
        });
        // Kernels may add up in another order for another batch size.
        assertClose(alone, together, { relative: 1e-4, absolute: 1e-5 });
        model.dispose();
        images.dispose();
      });

      const own = Object.hasOwn(resolveNet(choice).options, 'pixels')
        ? false
        : 'the net has no option pixels';
      test('takes pixels normalised as ImageNet’s', { skip: own }, () => {
        const { model } = build({ ...tiny, choice: { ...choice, pixels: 'imagenet' } as NetChoice });
        const { scale, offset } = model.getLayer(tiny.depth === undefined ? 'pixels' : 'voxels').getConfig();
        for (const each of [scale, offset]) assert.equal((each as number[]).length, size.at(-1));
        model.dispose();
      });

      test('is the same after saving and loading', async () => {
        const net = build(tiny);
        const artifacts = await savedArtifacts(net.model);
        const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
        const images = randomImages(tiny);
        assert.deepEqual(logitsOf(loaded, images), logitsOf(net.model, images));
        assert.deepEqual([...weightsOf(loaded).keys()], [...weightsOf(net.model).keys()]);
        tf.dispose(images);
        loaded.dispose();
        net.model.dispose();
      });

      test('takes a size, or says before anything is built why it cannot', async () => {
        for (const [height, width] of [
          [1, 1],
          [2, 3],
          [7, 9],
          [31, 33],
        ] as const) {
          const sized = { ...tiny, imageShape: [height, width, tiny.imageShape[2]] as const };
          await noTensorLeak(() => {
            try {
              const { model } = build(sized);
              for (const { shape } of model.outputs) {
                assert.ok(
                  shape.slice(1).every((size) => size !== null && size > 0),
                  `an output of ${shape}`,
                );
              }
              model.dispose();
            } catch (error) {
              assert.ok(error instanceof UsageError, `${height} × ${width}: ${error}`);
              assert.match(error.message, new RegExp(`${height} × ${width}`));
            }
          });
        }
      });

      test('is gone after dispose', () => {
        const before = tf.memory();
        build(tiny).model.dispose();
        assert.equal(tf.memory().numTensors, before.numTensors);
        assert.equal(tf.memory().numBytes, before.numBytes);
      });
    });
  }

  test('loads in plain tfjs, if its layers are standard', async () => {
    const nets = all.map((tiny) => ({ tiny, net: build(tiny) }));
    const standard = nets.filter(({ net }) => isStandard(net.model));
    const models = [];
    for (const { tiny, net } of standard) {
      models.push({ artifacts: await savedArtifacts(net.model), shape: [2, ...inputShape(tiny)] });
    }
    const plain = predictInPlainTfjs(models);
    for (const [i, { net }] of standard.entries()) {
      const images = tf.fill(models[i]!.shape, 0.25);
      // Batch normalisation is computed in another order there.
      assertClose(plain[i]!, logitsOf(net.model, images), { relative: 1e-4, absolute: 1e-5, what: net.name });
      images.dispose();
    }
    for (const { net } of nets) net.model.dispose();
  });
});
