import * as tf from '@tensorflow/tfjs';
import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';

function scan(name: 'cumsum' | 'cumprod'): NativeKernel {
  return (call) => {
    const x = call.input('x');
    if (x.dtype !== 'float32' || x.shape.length === 0) return undefined;
    const axis = tf.util.parseAxisParam(call.attribute<number>('axis'), x.shape)[0]!;
    const out = call.take(x.shape);
    const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
    call.native[name](
      call.floats(x),
      out,
      integers(sizeOf(outer), x.shape[axis]!, sizeOf(inner)),
      call.attribute<boolean | undefined>('exclusive') ?? false,
      call.attribute<boolean | undefined>('reverse') ?? false,
    );
    return call.output(x.shape, out);
  };
}

function topK(call: Call) {
  const x = call.input('x');
  const [k, length] = [call.attribute<number>('k'), x.shape.at(-1) ?? 0];
  if (x.dtype !== 'float32' || k < 1 || k > length) return undefined;
  const shape = x.shape.with(-1, k);
  const [values, places] = [call.take(shape), call.take(shape, 'int32') as Int32Array];
  call.native.topK(call.floats(x), values, places, integers(sizeOf(x.shape) / length, length, k));
  return [call.output(shape, values), call.output(shape, places, 'int32')];
}

export const scanKernels: Readonly<Record<string, NativeKernel>> = {
  Cumsum: scan('cumsum'),
  Cumprod: scan('cumprod'),
  TopK: topK,
};
