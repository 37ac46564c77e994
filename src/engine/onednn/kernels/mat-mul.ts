import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';
import { addToRows } from './binary.ts';
import { repeated } from './functions.ts';
import { fusedActivation } from './fused-activation.ts';

const mostAxes = 8;

/** The product, with the batch axes of `a` and `b` broadcast where one of them has a single matrix. */
function product(call: Call): { shape: number[]; values: Float32Array } | undefined {
  if (!call.areFloat('a', 'b')) return undefined;
  const [a, b] = [call.input('a'), call.input('b')];
  const transposeA = call.attribute<boolean | undefined>('transposeA') ?? false;
  const transposeB = call.attribute<boolean | undefined>('transposeB') ?? false;
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== inner) return undefined;
  const [batchA, batchB] = [sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2))];
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = sizeOf(batchShape);
  const shape = [...batchShape, m, n];
  if (shape.length > mostAxes) return undefined;
  const values = call.take(shape);
  // One matrix serves all; several are repeated where the other operand has more.
  const whole = (info: tf.TensorInfo, own: number, rows: number, columns: number) =>
    own === batch || own === 1 ? info.shape : [...batchShape, rows, columns];
  const operands = [
    repeated(call, a, whole(a, batchA, rowsA, columnsA)),
    repeated(call, b, whole(b, batchB, rowsB, columnsB)),
  ] as const;
  const batches = [batchA, batchB].map((own) => (own === 1 ? 1 : batch));
  const [left, right] = operands.map(({ values: of }) => of as Float32Array) as [Float32Array, Float32Array];
  call.native.matMul(left, right, values, integers(batch, m, n, k, ...batches), transposeA, transposeB);
  for (const { release } of operands) release();
  return { shape, values };
}

function batchMatMul(call: Call) {
  const result = product(call);
  return result && call.output(result.shape, result.values);
}

function fusedMatMul(call: Call) {
  const activate = fusedActivation(call);
  if (!activate) return undefined;
  const bias = call.optional('bias');
  const columns = call.attribute<boolean>('transposeB')
    ? call.input('b').shape.at(-2)
    : call.input('b').shape.at(-1);
  if (bias && (sizeOf(bias.shape) !== columns || bias.dtype !== 'float32')) return undefined;
  const result = product(call);
  if (!result) return undefined;
  const { shape, values } = result;
  if (bias) addToRows(call, values, call.floats(bias));
  activate(call, values);
  return call.output(shape, values);
}

export const matMulKernels: Readonly<Record<string, NativeKernel>> = {
  BatchMatMul: batchMatMul,
  _FusedMatMul: fusedMatMul,
};
