import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { UsageError } from '../../src/errors.ts';
import * as registry from '../../src/train/optimizers/registry.ts';
import { createOptimizer, type OptimizerChoice } from '../../src/train/optimizers.ts';
import { loadGolden } from '../golden/load.ts';
import { assertClose, noTensorLeak } from '../support.ts';

before(() => useEngine('auto'));

/** The values of a weight after each of `steps` on the gradients given. */
function follow(choice: OptimizerChoice, start: number[][], gradients: number[][][]): number[][] {
  return tf.tidy(() => {
    const weight = tf.variable(tf.tensor2d(start));
    using optimizer = createOptimizer(choice, [weight]);
    const seen = gradients.map((gradient, i) => {
      optimizer.step([tf.tensor2d(gradient)], i + 1);
      return Array.from(weight.dataSync());
    });
    weight.dispose();
    return seen;
  });
}

test('adam follows algorithm 1 of the paper', () => {
  const gradients = [[[0.5, -2]], [[0.1, 1]], [[-0.3, 0]]];
  const found = follow({ name: 'adam', learningRate: 0.1 }, [[1, 1]], gradients);
  const weights = [1, 1];
  const [mean, square] = [
    [0, 0],
    [0, 0],
  ];
  for (const [t, [gradient]] of gradients.entries()) {
    for (const i of [0, 1]) {
      const g = gradient?.[i] as number;
      mean[i] = 0.9 * (mean[i] as number) + 0.1 * g;
      square[i] = 0.999 * (square[i] as number) + 0.001 * g * g;
      const [m, v] = [
        (mean[i] as number) / (1 - 0.9 ** (t + 1)),
        (square[i] as number) / (1 - 0.999 ** (t + 1)),
      ];
      weights[i] = (weights[i] as number) - (0.1 * m) / (Math.sqrt(v) + 1e-8);
    }
    // Float32 slots: 1 − 0.999^t loses three digits of 1e-7.
    assertClose(found[t] as number[], weights, { relative: 1e-4 });
  }
});

test('sgd with momentum keeps a velocity, and Nesterov looks a step ahead', () => {
  const gradients = [[[1]], [[1]], [[-1]]];
  // velocity: 1, 1.5, -0.25
  assertClose(
    follow({ name: 'sgd', learningRate: 0.1, momentum: 0.5 }, [[2]], gradients).flat(),
    [1.9, 1.75, 1.775],
  );
  // direction: 1.5, 1.75, -1.125
  const ahead = follow({ name: 'sgd', learningRate: 0.1, momentum: 0.5, nesterov: true }, [[2]], gradients);
  assertClose(ahead.flat(), [1.85, 1.675, 1.7875]);
});

interface GoldenSteps {
  readonly shapes: number[][];
  readonly start: number[][];
  readonly gradients: number[][][];
  readonly cases: {
    readonly source: string;
    readonly choice: OptimizerChoice;
    /** After each step. */
    readonly weights: number[][][];
  }[];
}

const golden = loadGolden<GoldenSteps>('train/optimizers');

for (const { source, choice, weights: expected } of golden.cases) {
  test(`${JSON.stringify(choice)} follows ${source}`, async () => {
    const { shapes, start, gradients } = golden;
    await noTensorLeak(() => {
      const tensors = (values: number[][]) => values.map((list, i) => tf.tensor(list, shapes[i]!));
      const weights = tf.tidy(() => tensors(start).map((weight) => tf.variable(weight)));
      using optimizer = createOptimizer(choice, weights);
      for (const [i, step] of gradients.entries()) {
        tf.tidy(() => optimizer.step(tensors(step), i + 1));
        weights.forEach((weight, w) => {
          // Five steps of float32 state; 1 − 0.999^t loses three digits of 1e-7.
          assertClose(weight.dataSync(), expected[i]![w]!, { relative: 1e-4, absolute: 1e-5 });
        });
      }
      tf.dispose(weights);
    });
  });
}

test('averages start at the weights and keep (1 + t) / (10 + t) of themselves at first, then averageDecay', () => {
  const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  using optimizer = createOptimizer({ name: 'sgd', momentum: 0, averageDecay: 0.3 }, [weight]);
  const [average] = optimizer.averages as [tf.Variable];
  assert.deepEqual([...average.dataSync()], [1, 2]);
  let expected = [1, 2];
  for (const [i, kept] of [2 / 11, 3 / 12, 0.3, 0.3].entries()) {
    tf.tidy(() => optimizer.step([tf.tensor1d([1, -2])], i + 1));
    const values = weight.dataSync();
    expected = expected.map((value, j) => kept * value + (1 - kept) * values[j]!);
    assertClose(average.dataSync(), expected);
  }
  assert.deepEqual(
    optimizer.slots.map(({ name }) => name),
    ['velocity', 'average'],
  );
  weight.dispose();
});

test('without averageDecay there are no averages', () => {
  const weight = tf.tidy(() => tf.variable(tf.ones([2])));
  using optimizer = createOptimizer({ name: 'adam' }, [weight]);
  assert.deepEqual(optimizer.averages, []);
  weight.dispose();
});

for (const name of Object.keys(registry) as (keyof typeof registry)[]) {
  test(`${name}: weight decay pulls matrices to zero and spares vectors`, async () => {
    await noTensorLeak(() => {
      const matrix = tf.tidy(() => tf.variable(tf.ones([2, 2])));
      const vector = tf.tidy(() => tf.variable(tf.ones([2])));
      using optimizer = createOptimizer({ name, weightDecay: 0.1 }, [matrix, vector]);
      tf.tidy(() => optimizer.step([tf.zeros([2, 2]), tf.zeros([2])], 1));
      assert.ok(matrix.dataSync().every((value) => value < 1));
      assert.deepEqual([...vector.dataSync()], [1, 1]);
      tf.dispose([matrix, vector]);
    });
  });

  test(`${name}: a weight without a gradient stays`, () => {
    const weight = tf.tidy(() => tf.variable(tf.ones([2])));
    using optimizer = createOptimizer({ name }, [weight]);
    optimizer.step([undefined], 1);
    assert.deepEqual([...weight.dataSync()], [1, 1]);
    weight.dispose();
  });

  for (const wrong of [
    { learningRate: 0 },
    { weightDecay: -1 },
    { clipNorm: -1 },
    { clipValue: -1 },
    { averageDecay: 1 },
  ]) {
    test(`${name}: ${JSON.stringify(wrong)} is refused`, () => {
      assert.throws(() => createOptimizer({ name, ...wrong }, []), UsageError);
    });
  }

  test(`${name}: some weights have a gradient, others none`, async () => {
    await noTensorLeak(() => {
      const weights = tf.tidy(() => [1, 2, 3].map(() => tf.variable(tf.ones([3]))));
      using optimizer = createOptimizer({ name, clipNorm: 1, averageDecay: 0.9 }, weights);
      tf.tidy(() => optimizer.step([tf.ones([3]), undefined, tf.ones([3])], 1));
      assert.deepEqual([...weights[1]!.dataSync()], [1, 1, 1]);
      for (const moved of [weights[0]!, weights[2]!]) assert.ok(moved.dataSync().every((value) => value < 1));
      tf.dispose(weights);
    });
  });
}

test('an unknown optimizer or option is refused with the choices', () => {
  assert.throws(
    () => createOptimizer({ name: 'adan' } as unknown as OptimizerChoice, []),
    /adam, adamW, rmsProp, sgd/,
  );
  const wrong = { name: 'sgd', beta1: 0.9 } as unknown as OptimizerChoice;
  assert.throws(() => createOptimizer(wrong, []), /sgd has no option "beta1".*momentum/);
});
