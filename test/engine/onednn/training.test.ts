import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

const batches = [
  [5, 3],
  [1, 4],
  [2, 7, 6, 8],
  [16, 20, 20, 33],
  // Rows that are joined, the last of them shorter; one channel; a row longer than is joined.
  [4099, 17],
  [1031, 1],
  [37, 300],
];

describeNative('native kernels of training', () => {
  for (const shape of batches) {
    const channels = [shape.at(-1)!];
    it(`batch normalisation of [${shape}]`, () => {
      // Far from zero: a variance computed as E[x²] − E[x]² would be lost to rounding.
      const x = () => tf.add(tf.mul(normals('x', shape), 2), 100);
      const gamma = () => normals('gamma', channels);
      const beta = () => normals('beta', channels);
      const attributes = { epsilon: 1e-3 };
      const forward = () => runKernel('BatchNormTrain', { x: x(), gamma: gamma(), beta: beta() }, attributes);
      // float32 holds 100 to 4e-6, and the statistics divide by a deviation of about 2.
      assertAgrees('BatchNormTrain', forward, { relative: 1e-4, absolute: 1e-4 });
      const backward = () => {
        const [, mean, variance] = forward() as tf.Tensor[];
        const inputs = { x: x(), dy: normals('dy', shape), mean, variance, gamma: gamma() };
        return runKernel('BatchNormTrainGrad', inputs, attributes);
      };
      assertAgrees('BatchNormTrainGrad', backward, { relative: 1e-3, absolute: 1e-3 });
      const alike = { relative: 1e-3, absolute: 1e-3 };
      for (const residual of [false, true]) {
        const more = () => (residual ? { residual: normals('residual', shape) } : {});
        const ended = { ...attributes, relu: true, residual };
        const rectified = () =>
          runKernel('BatchNormTrain', { x: x(), gamma: gamma(), beta: beta(), ...more() }, ended);
        assertAgrees(`BatchNormTrain, relu, residual: ${residual}`, rectified, alike);
        // The output of one engine for both: where it is almost 0, theirs may differ in its sign.
        const y = () => tf.relu(normals('y', shape));
        const [, mean, variance] = rectified() as tf.Tensor[];
        const upstream = () => ({ x: x(), dy: normals('dy', shape), mean, variance, gamma: gamma() });
        const grad = (inputs: object) => () => runKernel('BatchNormTrainGrad', inputs, ended);
        assertAgrees('BatchNormTrainGrad, relu', () => grad({ ...upstream(), y: y() })(), alike);
        assertAgrees('BatchNormTrainGrad, residual alone', () => grad(upstream())(), alike);
      }
      const moments = () => ({
        mean: normals('mean', channels),
        variance: tf.abs(normals('variance', channels)),
      });
      const inference = (more: object) => () =>
        runKernel('FusedBatchNorm', { x: x(), ...moments(), ...more }, { varianceEpsilon: 0.1 });
      const tolerance = { relative: 1e-4, absolute: 1e-4 };
      const fourAxes = shape.length === 4;
      if (!fourAxes) return;
      assertAgrees('FusedBatchNorm', inference({}), tolerance);
      const withBoth = () => inference({ scale: gamma(), offset: beta() })();
      assertAgrees('FusedBatchNorm, scaled', withBoth, tolerance);
    });
  }

  it('finds the statistics of constants and of outliers', () => {
    const channels = [3];
    const moments = (x: tf.Tensor) => {
      const inputs = { x, gamma: tf.ones(channels), beta: tf.zeros(channels) };
      const [, mean, variance] = runKernel('BatchNormTrain', inputs, { epsilon: 1e-3 }) as tf.Tensor[];
      return [mean!.dataSync(), variance!.dataSync()] as const;
    };
    tf.setBackend('onednn');
    tf.tidy(() => {
      const [mean, variance] = moments(tf.fill([999, 3], 7.3));
      assert.deepEqual([...mean], new Array(3).fill(Math.fround(7.3)));
      assert.deepEqual([...variance], [0, 0, 0]);
      // One of a thousand is far from the others, and comes first.
      const [, spread] = moments(tf.concat([tf.fill([1, 3], 1000), tf.fill([999, 3], -1)]));
      const exact = (1001 / 1000) ** 2 * 999;
      for (const value of spread) assert.ok(Math.abs(value / exact - 1) < 2e-5, `${value}, not ${exact}`);
    });
  });

  for (const [rows, classes] of [
    [1, 2],
    [7, 10],
    [3000, 5],
  ] as const) {
    it(`softmax and cross-entropy of [${rows}, ${classes}]`, () => {
      const logits = () => tf.mul(normals('logits', [rows, classes]), 8);
      const labels = () =>
        tf.tensor1d(
          Int32Array.from({ length: rows }, (_, row) => (row % (classes + 2)) - 1),
          'int32',
        );
      const close = { relative: 2e-5, absolute: 1e-6 };
      assertAgrees('softmax', () => tf.softmax(logits()), close);
      // Every place an image of its own, and all places in one.
      for (const images of [rows, 1]) {
        const inputs = () => ({
          logits: tf.reshape(logits(), [images, rows / images, classes]),
          labels: tf.reshape(labels(), [images, rows / images]),
          weights: tf.range(1, classes + 1),
        });
        const dy = () => normals('dy', [images]);
        for (const options of [{}, { gamma: 2.5 }, { labelSmoothing: 0.1 }, { ignoreLabel: 1 }]) {
          const attributes = { labelSmoothing: 0, gamma: 0, ignoreLabel: -1, ...options };
          const what = `of ${images} images, ${JSON.stringify(options)}`;
          const loss = () => runKernel('SparseCrossEntropy', inputs(), attributes);
          assertAgrees(`SparseCrossEntropy ${what}`, loss, close);
          const gradient = () => runKernel('SparseCrossEntropyGrad', { ...inputs(), dy: dy() }, attributes);
          assertAgrees(`SparseCrossEntropyGrad ${what}`, gradient, close);
        }
        for (const firstClass of [0, 1]) {
          const attributes = { smooth: 1, firstClass, ignoreLabel: -1 };
          const what = `of ${images} images from class ${firstClass}`;
          assertAgrees(`SoftDice ${what}`, () => runKernel('SoftDice', inputs(), attributes), close);
          const gradient = () => {
            const slopes = normals('slopes', [images, classes, 2]);
            return runKernel('SoftDiceGrad', { ...inputs(), slopes, dy: dy() }, attributes);
          };
          assertAgrees(`SoftDiceGrad ${what}`, gradient, close);
        }
      }
    });
  }

  it('keeps the slope of a net that is sure', () => {
    const logits = tf.tensor3d([[[40, 0]]]);
    const labels = tf.tensor2d([[0]], undefined, 'int32');
    const inputs = { logits, labels, weights: tf.ones([2]), dy: tf.ones([1]) };
    const attributes = { labelSmoothing: 0, gamma: 0, ignoreLabel: -1 };
    const slope = runKernel('SparseCrossEntropyGrad', inputs, attributes) as tf.Tensor;
    const [first, second] = slope.dataSync() as Float32Array;
    assert.ok(Math.abs(second! / Math.exp(-40) - 1) < 1e-5, `${second}`);
    assert.equal(first, -second!);
  });

  it('steps of optimizers', () => {
    const shapes = [[300, 200], [7], [40, 50, 3]];
    const close = { relative: 1e-5, absolute: 1e-6 };
    const common = { learningRate: 0.01, clipValue: 1, gradientScale: 0.5, averageKept: 0.9 };
    const rules = [
      ['ApplyAdam', 2, { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, decoupled: true }],
      ['ApplyAdam', 2, { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, decoupled: false }],
      ['ApplyMomentum', 1, { momentum: 0.9, nesterov: false }],
      ['ApplyMomentum', 1, { momentum: 0.9, nesterov: true }],
      ['ApplyRmsProp', 2, { decay: 0.9, momentum: 0.9, epsilon: 1e-3 }],
    ] as const;
    for (const [kernel, slots, options] of rules) {
      for (const averaged of [false, true]) {
        const stepped = () => {
          const parts = 1 + slots + (averaged ? 1 : 0);
          const state = shapes.flatMap((shape) =>
            Array.from({ length: parts }, (_, part) => tf.variable(tf.abs(normals(`state ${part}`, shape)))),
          );
          const gradients = shapes.map((shape) => normals('gradient', shape));
          const attributes = { ...common, ...options, weightDecays: [0.1, 0, 0.2], averaged };
          for (const step of [1, 2]) runKernel(kernel, [...state, ...gradients], { ...attributes, step });
          return state;
        };
        assertAgrees(`${kernel} ${JSON.stringify(options)}, averages: ${averaged}`, stepped, close);
      }
    }
    for (const clipValue of [0, 1]) {
      const norm = () =>
        runKernel(
          'GradientNorm',
          shapes.map((shape) => normals('gradient', shape)),
          { clipValue },
        );
      assertAgrees(`GradientNorm, clip ${clipValue}`, norm, close);
    }
  });

  it('products of matrices', () => {
    const close = { relative: 1e-4, absolute: 1e-4 };
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const matrix = (name: string, rows: number, columns: number, transposed: boolean, batch: number[]) =>
          normals(name, transposed ? [...batch, columns, rows] : [...batch, rows, columns]);
        for (const [batchA, batchB] of [
          [[], []],
          [[3], [3]],
          [[1], [4]],
          [[4], [1]],
          [
            [2, 3],
            [2, 3],
          ],
        ] as const) {
          for (const [m, k, n] of [
            [5, 7, 6],
            [1, 9, 1],
            [70, 65, 80],
          ] as const) {
            const a = () => matrix('a', m, k, transposeA, [...batchA]);
            const b = () => matrix('b', k, n, transposeB, [...batchB]);
            assertAgrees(`matMul ${m}, ${k}, ${n}`, () => tf.matMul(a(), b(), transposeA, transposeB), close);
          }
        }
        const fused = (activation: tf.fused.Activation) =>
          tf.fused.matMul({
            a: matrix('a', 5, 7, transposeA, []) as tf.Tensor2D,
            b: matrix('b', 7, 6, transposeB, []) as tf.Tensor2D,
            transposeA,
            transposeB,
            bias: normals('bias', [6]),
            activation,
            leakyreluAlpha: 0.3,
          });
        for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const) {
          assertAgrees(`fused, ${activation}`, () => fused(activation), close);
        }
      }
    }
  });

  it('products of matrices with batches that broadcast', () => {
    for (const [batchA, batchB, batch] of [
      [
        [2, 1],
        [1, 3],
        [2, 3],
      ],
      [[3], [2, 1], [2, 3]],
      [[2, 3], [3], [2, 3]],
    ] as const) {
      const operands = () => [normals('a', [...batchA, 4, 5]), normals('b', [...batchB, 5, 6])] as const;
      // tfjs' own takes the wrong matrices here.
      const body = () => {
        const [a, b] = operands();
        if (tf.getBackend() === 'onednn') return tf.matMul(a, b);
        return tf.matMul(tf.broadcastTo(a, [...batch, 4, 5]), tf.broadcastTo(b, [...batch, 5, 6]));
      };
      assertAgrees(`[${batchA}] and [${batchB}]`, body);
    }
  });
});
