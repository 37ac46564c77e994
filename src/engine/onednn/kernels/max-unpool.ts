import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';
import { geometryOf } from './pooling.ts';

function maxPoolWithArgmax(call: Call) {
  if (!call.areFloat('x')) return undefined;
  const info = tf.backend_util.computePool2DInfo(
    call.input('x').shape as [number, number, number, number],
    call.attribute<[number, number] | number>('filterSize'),
    call.attribute<[number, number] | number>('strides'),
    1,
    call.attribute<'valid' | 'same' | number>('pad'),
  );
  const shape = info.outShape;
  if (shape.some((length) => length < 1)) return undefined;
  const [y, indices] = [call.take(shape), call.take(shape, 'int32') as Int32Array];
  const withBatch = call.attribute<boolean | undefined>('includeBatchInIndex') ?? false;
  call.native.maxPoolWithArgmax(call.floats(call.input('x')), y, indices, geometryOf(info), withBatch);
  return [call.output(shape, y), call.output(shape, indices, 'int32')];
}

function indicesOf(call: Call): Int32Array | undefined {
  const indices = call.input('indices');
  return indices.dtype === 'int32' ? (call.elements(indices) as Int32Array) : undefined;
}

function maxUnpool(call: Call) {
  const [x, indices] = [call.input('x'), indicesOf(call)];
  if (!indices || x.dtype !== 'float32') return undefined;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const image = [...call.attribute<[number, number]>('size'), channels];
  const shape = [batch, ...image];
  if (image.includes(0)) return undefined;
  const y = call.take(shape);
  call.native.maxUnpool(
    call.floats(x),
    indices,
    y,
    integers(batch, height * width * channels, sizeOf(image)),
  );
  return call.output(shape, y);
}

function maxUnpoolGrad(call: Call) {
  const [dy, indices] = [call.input('dy'), indicesOf(call)];
  if (!indices || dy.dtype !== 'float32') return undefined;
  const { shape } = call.input('indices');
  const [batch, ...image] = dy.shape as [number, number, number, number];
  const dx = call.take(shape);
  const geometry = integers(batch, sizeOf(shape.slice(1)), sizeOf(image));
  call.native.maxUnpoolGrad(call.floats(dy), indices, dx, geometry);
  return call.output(shape, dx);
}

export const maxUnpoolKernels: Readonly<Record<string, NativeKernel>> = {
  MaxPoolWithArgmax: maxPoolWithArgmax,
  MaxUnpool: maxUnpool,
  MaxUnpoolGrad: maxUnpoolGrad,
};
