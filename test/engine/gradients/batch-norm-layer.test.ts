import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { type GoldenTensor, loadGolden, toTensor } from '../../golden/load.ts';
import { assertClose, noTensorLeak, relativeToMaximum } from '../../support.ts';
import { engines } from '../engines.ts';
import { checkGradients, distinctValues } from '../finite-differences.ts';

interface Mode {
  readonly outputs: [GoldenTensor];
  readonly grad_inputs: { x: GoldenTensor };
  readonly grad_weights: { 'bn/gamma': GoldenTensor; 'bn/beta': GoldenTensor };
}
interface Block {
  readonly inputs: { x: GoldenTensor };
  readonly R: [GoldenTensor];
  readonly bn: {
    bn: Record<'gamma' | 'beta' | 'moving_mean' | 'moving_variance', number[]> & {
      readonly epsilon: number;
      readonly momentum: number;
    };
  };
  readonly inference: Mode;
  readonly training: Mode & {
    readonly batch_stats: {
      bn: { moving_mean_after: number[]; moving_variance_after_biased: number[] };
    };
  };
}

const block = loadGolden<Block>('blocks/bn_only');
/** As a share of the largest element; the fixtures measured 1e-6 for float32. */
const tolerance = 1e-5;

function assertNear(actual: tf.Tensor, expected: { data: number[] }, what: string): void {
  const error = relativeToMaximum(actual.dataSync(), expected.data);
  assert.ok(error <= tolerance, `${what} differs by ${error} of its largest element`);
}

/** A built layer with the weights of the block. */
function blockLayer(): tf.layers.Layer {
  const { gamma, beta, moving_mean, moving_variance, epsilon, momentum } = block.bn.bn;
  const layer = tf.layers.batchNormalization({ epsilon, momentum });
  layer.build(block.inputs.x.shape);
  tf.tidy(() =>
    layer.setWeights([gamma, beta, moving_mean, moving_variance].map((values) => tf.tensor1d(values))),
  );
  return layer;
}

/** `dispose` takes a layer of a model only. */
const disposeWeights = (layer: tf.layers.Layer) => {
  for (const weight of layer.weights) weight.dispose();
};

const call = (layer: tf.layers.Layer, x: tf.Tensor, training: boolean) =>
  layer.apply(x, { training }) as tf.Tensor;

/** A layer with moving statistics unlike those of any batch here. */
function unlikeLayer(options: Parameters<typeof tf.layers.batchNormalization>[0], shape: number[]) {
  const layer = tf.layers.batchNormalization({ epsilon: 1e-3, ...options });
  layer.build(shape);
  const [mean, variance] = layer.nonTrainableWeights;
  tf.tidy(() => {
    mean!.write(tf.fill(mean!.shape as number[], 0.3));
    variance!.write(tf.fill(variance!.shape as number[], 1.7));
  });
  return layer;
}

const shapes = [
  [4, 3],
  [2, 5, 3],
  [2, 4, 5, 3],
  [2, 2, 3, 4, 3],
];

for (const engine of engines) {
  describe(`batchNormalization on ${engine.name}`, () => {
    before(() => engine.use());

    for (const mode of ['inference', 'training'] as const) {
      test(`${mode}: outputs, gradients and moving averages of TensorFlow and PyTorch`, async () => {
        await noTensorLeak(() => {
          const layer = blockLayer();
          tf.tidy(() => {
            const [gamma, beta] = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
            const { grad_inputs, grad_weights, outputs } = block[mode];
            const x = toTensor(block.inputs.x);
            const run = (...[values]: tf.Tensor[]) => call(layer, values!, mode === 'training');
            const [dx, dgamma, dbeta] = tf.grads(run)([x, gamma!, beta!], toTensor(block.R[0]));
            assertNear(dx!, grad_inputs.x, 'gradient of the input');
            assertNear(dgamma!, grad_weights['bn/gamma'], 'gradient of gamma');
            assertNear(dbeta!, grad_weights['bn/beta'], 'gradient of beta');

            const before = block.bn.bn;
            const { moving_mean_after, moving_variance_after_biased } = block.training.batch_stats.bn;
            const [mean, variance] = layer.nonTrainableWeights.map((weight) => weight.read());
            const trained = mode === 'training';
            assertNear(mean!, { data: trained ? moving_mean_after : before.moving_mean }, 'moving mean');
            assertNear(
              variance!,
              { data: trained ? moving_variance_after_biased : before.moving_variance },
              'moving variance',
            );
            // Training moved the averages, which the normalisation with batch statistics does not read.
            assertNear(call(layer, x, trained), outputs[0], 'output');
          });
          disposeWeights(layer);
        });
      });
    }

    for (const shape of shapes) {
      for (const options of [{}, { scale: false }, { center: false }, { scale: false, center: false }]) {
        for (const training of [false, true]) {
          const what = `${JSON.stringify(options)}, rank ${shape.length}, ${training ? 'training' : 'inference'}`;
          test(`gradients: ${what}`, () => {
            const layer = unlikeLayer(options, shape);
            tf.tidy(() => {
              const x = tf.tensor(distinctValues(tf.util.sizeFromShape(shape), 3), shape);
              // The difference quotient of a float32 mean over few values needs the larger tolerance.
              checkGradients((values) => call(layer, values!, training), [x], 2 ** -7, 4e-3);
            });
            disposeWeights(layer);
          });
        }
      }
    }

    test('trainable: false normalises with the moving statistics in training, and leaves them', () => {
      const layer = unlikeLayer({}, [2, 4, 5, 3]);
      layer.trainable = false;
      tf.tidy(() => {
        const x = tf.tensor(distinctValues(120, 1), [2, 4, 5, 3]);
        assertClose(call(layer, x, true).dataSync(), call(layer, x, false).dataSync(), {
          relative: 0,
          absolute: 0,
        });
        const [mean, variance] = layer.nonTrainableWeights
          .slice(-2)
          .map((weight) => weight.read().dataSync());
        assertClose(mean!, [0.3, 0.3, 0.3]);
        assertClose(variance!, [1.7, 1.7, 1.7]);
      });
      disposeWeights(layer);
    });

    test('another axis normalises as the last one does on the transposed input', () => {
      const [first, last] = [unlikeLayer({ axis: 1 }, [2, 3, 4, 5]), unlikeLayer({}, [2, 4, 5, 3])];
      tf.tidy(() => {
        const x = tf.tensor(distinctValues(120, 1), [2, 3, 4, 5]);
        for (const training of [false, true]) {
          const expected = tf.transpose(call(last, tf.transpose(x, [0, 2, 3, 1]), training), [0, 3, 1, 2]);
          assertClose(call(first, x, training).dataSync(), expected.dataSync(), { absolute: 1e-5 });
        }
        const [firstMean, lastMean] = [first, last].map((layer) =>
          layer.nonTrainableWeights[0]!.read().dataSync(),
        );
        assertClose(firstMean!, lastMean!);
      });
      disposeWeights(first);
      disposeWeights(last);
    });

    test('a model with it trains without leaks, and reads back as a standard model', async () => {
      await noTensorLeak(async () => {
        const model = tf.sequential({
          layers: [
            tf.layers.conv2d({
              inputShape: [4, 5, 1],
              filters: 2,
              kernelSize: 3,
              useBias: false,
              kernelInitializer: 'ones',
            }),
            tf.layers.batchNormalization({ scale: false }),
            tf.layers.globalAveragePooling2d({}),
            tf.layers.dense({ units: 1, kernelInitializer: 'ones' }),
          ],
        });
        const [x, y] = [tf.tensor(distinctValues(60, 1), [3, 4, 5, 1]), tf.tensor2d([[0], [1], [2]])];
        const optimizer = tf.train.sgd(0.1);
        const step = () =>
          optimizer.minimize(() =>
            tf.losses.meanSquaredError(y, model.apply(x, { training: true }) as tf.Tensor),
          );
        step();
        await noTensorLeak(step);
        const copy = await tf.models.modelFromJSON(JSON.parse(model.toJSON() as unknown as string));
        copy.setWeights(model.getWeights());
        tf.tidy(() => {
          const [expected, actual] = [model, copy].map((net) => (net.predict(x) as tf.Tensor).dataSync());
          assertClose(actual!, expected!, { relative: 0, absolute: 0 });
        });
        tf.dispose([x, y]);
        copy.dispose();
        model.dispose();
        optimizer.dispose();
      });
    });
  });
}
