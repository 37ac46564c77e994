// Tensors that are stored as bfloat16 are float32 to everybody outside of the engine.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../../src/engine/engine.ts';
import { storeHalves } from '../../../src/engine/onednn/half.ts';
import { assertClose } from '../../support.ts';
import { describeNative, nativeBackend, roundedNormals, runKernel, storedAsHalf } from './support.ts';

const isHalf = (tensor: tf.Tensor) => nativeBackend().halves(tensor) !== undefined;

type Inputs = Readonly<Record<string, readonly number[]>>;
type Body = (inputs: Record<string, tf.Tensor>) => tf.Tensor | tf.Tensor[];

interface Case {
  readonly inputs: Inputs;
  readonly body: Body;
  /** Inputs that stay float32. */
  readonly floats?: readonly string[];
  /** Which outputs are stored as bfloat16; default: all. */
  readonly halves?: readonly boolean[];
}

const pool = { filterSize: 3, strides: 2, pad: 'same' };
const disjoint = { filterSize: 2, strides: 2, pad: 'valid' };
const tiled = { filterSize: [3, 7], strides: [3, 7], pad: 'valid' };
const kernel = (name: string, attributes: object) => (inputs: object) => runKernel(name, inputs, attributes);
const resized = (name: string) =>
  kernel(name, { size: [13, 16], alignCorners: false, halfPixelCenters: true });
const resizedGrad = (name: string) => kernel(name, { alignCorners: false, halfPixelCenters: true });

/** Every kernel that takes bfloat16, of tensors of so many channels: of those by the sixteen some are other code. */
const casesOf = (channels: number): Readonly<Record<string, Case>> => {
  const x = [2, 9, 7, channels];
  const image = { x };
  const pooled = (
    settings: object,
    dy: readonly number[],
  ): Pick<Case, 'inputs'> & Record<'max' | 'avg', Body> => ({
    inputs: { dy, input: x },
    max: kernel('MaxPoolGrad', settings),
    avg: kernel('AvgPoolGrad', settings),
  });
  const overlapping = pooled(pool, [2, 5, 4, channels]);
  const apart = pooled(disjoint, [2, 4, 3, channels]);
  const covering = pooled(tiled, [2, 3, 1, channels]);
  const vectors = { gamma: [channels], beta: [channels] };
  const statistics = { mean: [channels], variance: [channels] };
  return {
    Relu: { inputs: image, body: ({ x }) => tf.relu(x!) },
    Relu6: { inputs: image, body: ({ x }) => tf.relu6(x!) },
    Elu: { inputs: image, body: ({ x }) => tf.elu(x!) },
    LeakyRelu: { inputs: image, body: ({ x }) => tf.leakyRelu(x!, 0.25) },
    Add: { inputs: { a: x, b: x }, body: ({ a, b }) => tf.add(a!, b!) },
    Sub: { inputs: { a: x, b: x }, body: ({ a, b }) => tf.sub(a!, b!) },
    Multiply: { inputs: { a: x, b: x }, body: ({ a, b }) => tf.mul(a!, b!) },
    'Add a bias': { inputs: { a: x, b: [channels] }, floats: ['b'], body: ({ a, b }) => tf.add(a!, b!) },
    'Multiply by a gate': {
      inputs: { a: [2, 1, 1, channels], b: x },
      floats: ['a'],
      body: ({ a, b }) => tf.mul(a!, b!),
    },
    'Add of a number of elements that is none of sixteens': {
      inputs: { a: [3, 7], b: [3, 7] },
      body: ({ a, b }) => tf.add(a!, b!),
    },
    'Add two kinds': {
      inputs: { a: x, b: x },
      floats: ['b'],
      halves: [false],
      body: ({ a, b }) => tf.add(a!, b!),
    },
    AddRelu: { inputs: { a: x, b: x }, body: kernel('AddRelu', {}) },
    ReluGrad: { inputs: { dy: x, y: x }, body: kernel('ReluGrad', {}) },
    'ReluGrad of floats': { inputs: { dy: x, y: x }, floats: ['dy'], body: kernel('ReluGrad', {}) },
    'ReluGrad by floats': {
      inputs: { dy: x, y: x },
      floats: ['y'],
      halves: [false],
      body: kernel('ReluGrad', {}),
    },
    MaxPool: { inputs: image, body: kernel('MaxPool', pool) },
    AvgPool: { inputs: image, body: kernel('AvgPool', pool) },
    MaxPoolGrad: { inputs: overlapping.inputs, body: overlapping.max },
    AvgPoolGrad: { inputs: overlapping.inputs, body: overlapping.avg },
    'MaxPoolGrad, tiled': { inputs: covering.inputs, body: covering.max },
    'MaxPool, tiled': { inputs: image, body: kernel('MaxPool', tiled) },
    'MaxPoolGrad, disjoint': { inputs: apart.inputs, floats: ['dy'], body: apart.max },
    'AvgPoolGrad, disjoint': { inputs: apart.inputs, body: apart.avg },
    Concat: { inputs: { a: x, b: [2, 9, 7, 5] }, body: ({ a, b }) => tf.concat([a!, b!], 3) },
    'Concat of two kinds': {
      inputs: { a: x, b: [2, 9, 7, 5] },
      floats: ['b'],
      halves: [false],
      body: ({ a, b }) => tf.concat([a!, b!], 3),
    },
    SplitV: { inputs: image, halves: [true, true], body: ({ x }) => tf.split(x!, [10, channels - 10], 3) },
    Slice: { inputs: image, body: ({ x }) => tf.slice(x!, [0, 1, 2, 3], [2, 5, 5, channels - 4]) },
    Unpack: { inputs: image, halves: [true, true], body: ({ x }) => tf.unstack(x!) },
    Pad: {
      inputs: image,
      body: ({ x }) =>
        tf.pad(x!, [
          [0, 0],
          [1, 2],
          [3, 0],
          [0, 0],
        ]),
    },
    'Pad with ones': {
      inputs: image,
      halves: [false],
      body: ({ x }) =>
        tf.pad(
          x!,
          [
            [0, 0],
            [1, 2],
            [3, 0],
            [0, 0],
          ],
          1,
        ),
    },
    Transpose: { inputs: image, body: ({ x }) => tf.transpose(x!, [0, 3, 1, 2]) },
    Tile: { inputs: image, body: ({ x }) => tf.tile(x!, [1, 2, 2, 1]) },
    Reshape: { inputs: image, body: ({ x }) => tf.reshape(tf.clone(x!), [-1, channels]) },
    Sum: { inputs: image, halves: [false], body: ({ x }) => tf.sum(x!, [0, 1, 2]) },
    Mean: { inputs: image, halves: [false], body: ({ x }) => tf.mean(x!, [1, 2]) },
    ResizeBilinear: { inputs: { images: x }, body: resized('ResizeBilinear') },
    ResizeNearestNeighbor: { inputs: { images: x }, body: resized('ResizeNearestNeighbor') },
    ResizeBilinearGrad: {
      inputs: { dy: [2, 13, 16, channels], images: x },
      body: resizedGrad('ResizeBilinearGrad'),
    },
    ResizeNearestNeighborGrad: {
      inputs: { dy: [2, 13, 16, channels], images: x },
      body: resizedGrad('ResizeNearestNeighborGrad'),
    },
    BatchNormTrain: {
      inputs: { x, ...vectors, residual: x },
      floats: ['gamma', 'beta'],
      halves: [true, false, false],
      body: kernel('BatchNormTrain', { epsilon: 1e-3, relu: true, residual: true }),
    },
    'BatchNormTrain alone': {
      inputs: { x, ...vectors },
      floats: ['gamma', 'beta'],
      halves: [true, false, false],
      body: kernel('BatchNormTrain', { epsilon: 1e-3, relu: false, residual: false }),
    },
    'BatchNormTrainGrad alone': {
      inputs: { x, dy: x, ...statistics, gamma: [channels] },
      floats: ['mean', 'variance', 'gamma'],
      halves: [true, false, false],
      body: ({ variance, ...inputs }) =>
        kernel('BatchNormTrainGrad', { epsilon: 1e-3, relu: false, residual: false })({
          ...inputs,
          variance: tf.abs(variance!),
        }),
    },
    BatchNormTrainGrad: {
      inputs: { x, dy: x, y: x, ...statistics, gamma: [channels] },
      floats: ['mean', 'variance', 'gamma'],
      halves: [true, false, false, true],
      body: ({ variance, ...inputs }) =>
        kernel('BatchNormTrainGrad', { epsilon: 1e-3, relu: true, residual: true })({
          ...inputs,
          variance: tf.abs(variance!),
        }),
    },
    FusedBatchNorm: {
      inputs: { x, ...statistics },
      floats: ['mean', 'variance'],
      body: ({ x, mean, variance }) =>
        tf.batchNorm(x as tf.Tensor4D, mean as tf.Tensor1D, tf.abs(variance!) as tf.Tensor1D),
    },
    'an operation that knows only floats': { inputs: image, halves: [false], body: ({ x }) => tf.exp(x!) },
    'an operation in JavaScript': { inputs: image, halves: [false], body: ({ x }) => tf.reverse(x!, 3) },
  };
};

describeNative('tensors stored as bfloat16', () => {
  before(() => storeHalves(true));
  after(() => storeHalves(false));

  const all = [24, 32].flatMap((channels) =>
    Object.entries(casesOf(channels)).map(([name, one]) => ({
      name: `${name}, ${channels} channels`,
      ...one,
    })),
  );

  for (const { name, inputs, floats = [], halves, body } of all) {
    it(`${name} agrees with what it gives for floats`, () => {
      const values = Object.entries(inputs).map(
        ([key, shape]) => [key, roundedNormals(key, shape), shape] as const,
      );
      const run = (asHalves: boolean) =>
        tf.tidy(() => {
          const made = values.map(([key, numbers, shape]) => {
            const tensor = tf.tensor(numbers.slice(), [...shape]);
            return [key, asHalves && !floats.includes(key) ? storedAsHalf(numbers, shape) : tensor] as const;
          });
          const outputs = [body(Object.fromEntries(made))].flat();
          const stored = outputs.map(isHalf);
          return {
            stored,
            results: outputs.map((output) => ({ shape: output.shape, values: output.dataSync() })),
          };
        });
      const [exact, ours] = [run(false), run(true)] as unknown as ReturnType<typeof run>[];
      assert.deepEqual(
        exact!.stored,
        exact!.results.map(() => false),
      );
      assert.deepEqual(ours!.stored, halves ?? [true]);
      for (const [index, { shape, values: expected }] of exact!.results.entries()) {
        const received = ours!.results[index]!;
        assert.deepEqual(received.shape, shape);
        assert.ok(received.values instanceof Float32Array);
        // Of bfloat16, which keeps 8 bits, half a unit in the last place.
        const relative = ours!.stored[index] ? 2 ** -8 : 1e-5;
        assertClose(received.values, expected, {
          relative,
          absolute: 1e-5,
          what: `${name}, output ${index}`,
        });
      }
    });
  }

  it('every kernel gives back all memory that it took', () => {
    const { pool } = nativeBackend();
    const runAll = () => {
      for (const { inputs, floats = [], body } of all) {
        tf.tidy(() => {
          const made = Object.entries(inputs).map(([key, shape]) => {
            const numbers = roundedNormals(key, shape);
            return [
              key,
              floats.includes(key) ? tf.tensor(numbers, [...shape]) : storedAsHalf(numbers, shape),
            ] as const;
          });
          body(Object.fromEntries(made));
        });
      }
    };
    runAll();
    const before = { tensors: tf.memory().numTensors, taken: pool.bytes.taken };
    runAll();
    assert.deepEqual({ tensors: tf.memory().numTensors, taken: pool.bytes.taken }, before);
  });

  it('narrow rounds to the nearest, of two to the even one, and keeps what is no number', () => {
    const { native } = nativeBackend();
    const given = [
      1,
      1 + 2 ** -8,
      1 + 3 * 2 ** -8,
      1 + 2 ** -8 + 2 ** -20,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      3.4e38,
    ];
    const halves = new Uint16Array(given.length);
    native.narrow(Float32Array.from(given), halves);
    const back = new Float32Array(given.length);
    native.widen(halves, back);
    const expected = [
      1,
      1,
      1 + 2 ** -6,
      1 + 2 ** -7,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ];
    assert.deepEqual([...back], expected);
  });

  it('what is no number, and zeros of both signs, come out as of floats', () => {
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
    const odd = [nan, infinity, -infinity, 0, -0, 1, -1, 2];
    const [a, b] = [odd.flatMap(() => odd), odd.flatMap((value) => odd.map(() => value))];
    const shape = [2, 2, 1, 16];
    const body = (make: (values: number[]) => tf.Tensor) =>
      tf.tidy(() => {
        const [x, y] = [make(a), make(b)];
        const dy = tf.slice(y, [0, 0, 0, 0], [2, 1, 1, 16]);
        const window = { filterSize: [2, 1], strides: [2, 1], pad: 'valid' };
        const outputs = [
          runKernel('Add', { a: x, b: y }),
          runKernel('AddRelu', { a: x, b: y }),
          runKernel('ReluGrad', { dy: x, y }),
          runKernel('MaxPool', { x }, window),
          runKernel('MaxPoolGrad', { dy, input: x }, window),
        ];
        return outputs.flat().map((output) => [...output.dataSync()]);
      });
    const ofHalves = body((values) => storedAsHalf(Float32Array.from(values), shape));
    assert.deepEqual(
      ofHalves,
      body((values) => tf.tensor(values, shape)),
    );
  });

  it('reading does not change how a tensor is stored, and gives a copy', () => {
    const numbers = roundedNormals('x', [3, 5]);
    const tensor = storedAsHalf(numbers, [3, 5]);
    const read = tensor.dataSync();
    assert.deepEqual([...read], [...numbers]);
    read[0] = 42;
    assert.ok(isHalf(tensor));
    assert.equal(tensor.dataSync()[0], numbers[0]);
    tensor.dispose();
  });

  it('one tensor may be both operands, of two kinds', () => {
    const numbers = roundedNormals('x', [2, 8]);
    const tensor = storedAsHalf(numbers, [2, 8]);
    // exp makes floats of it, which others that share its storage then see.
    const shared = tensor.reshape([16]);
    const sum = tf.tidy(() => tf.add(tf.exp(shared), shared));
    const expected = Array.from(numbers, (value) => Math.exp(value) + value);
    assertClose(sum.dataSync(), expected, { relative: 1e-5, absolute: 1e-5, what: 'the sum' });
    assert.deepEqual([...tensor.dataSync()], [...numbers]);
    tf.dispose([tensor, shared, sum]);
  });

  it('beside an empty tensor, too, a kernel in JavaScript reads floats', () => {
    tf.tidy(() => {
      const stored = storedAsHalf(Float32Array.of(1, 2, 3, 4), [2, 2]);
      const joined = tf.concat([stored, stored, tf.zeros([2, 0])], 1);
      assert.deepEqual([...joined.dataSync()], [1, 2, 1, 2, 3, 4, 3, 4]);
    });
  });

  it('an Uint16Array of the user holds integers', () => {
    const backend = nativeBackend();
    const info = backend.makeTensorInfo([2], 'float32', new Uint16Array([1, 2]) as unknown as Float32Array);
    assert.deepEqual([...(backend.readSync(info.dataId) as Float32Array)], [1, 2]);
    backend.disposeData(info.dataId);
  });

  it('tensors move to other backends as floats', async () => {
    const numbers = roundedNormals('x', [7]);
    const tensor = storedAsHalf(numbers, [7]);
    await tf.setBackend('cpu');
    assert.deepEqual([...tf.tidy(() => tf.add(tensor, 0)).dataSync()], [...numbers]);
    await tf.setBackend('onednn');
    tensor.dispose();
  });

  it('is over with the precision: what is left is widened where it is used', async () => {
    const tensor = storedAsHalf(roundedNormals('x', [2, 8]), [2, 8]);
    await useEngine('onednn', { threads: 2 });
    const y = tf.relu(tensor);
    assert.ok(!isHalf(y));
    storeHalves(true);
    tf.dispose([tensor, y]);
  });
});
