import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';

function softmax(call: Call) {
  const logits = call.input('logits');
  const last = logits.shape.length - 1;
  const axis = call.attribute<number | undefined>('dim') ?? -1;
  if (logits.dtype !== 'float32' || last < 0 || (axis !== -1 && axis !== last)) return undefined;
  const classes = logits.shape[last]!;
  const y = call.take(logits.shape);
  call.native.softmax(call.floats(logits), y, integers(sizeOf(logits.shape) / classes, classes));
  return call.output(logits.shape, y);
}

function sparseCrossEntropy(call: Call) {
  const [logits, labels] = [call.input('logits'), call.input('labels')];
  if (logits.dtype !== 'float32' || labels.dtype !== 'int32') return undefined;
  const [rows, classes] = logits.shape as [number, number];
  const losses = call.take([rows]);
  const shape = integers(rows, classes);
  call.native.sparseCrossEntropy(call.floats(logits), call.elements(labels) as Int32Array, losses, shape);
  return call.output([rows], losses);
}

function sparseCrossEntropyGrad(call: Call) {
  const [logits, labels, dy] = [call.input('logits'), call.input('labels'), call.input('dy')];
  if (!call.areFloat('logits', 'dy') || labels.dtype !== 'int32') return undefined;
  const [rows, classes] = logits.shape as [number, number];
  const dlogits = call.take(logits.shape);
  call.native.sparseCrossEntropyGrad(
    call.floats(logits),
    call.elements(labels) as Int32Array,
    call.floats(dy),
    dlogits,
    integers(rows, classes),
  );
  return call.output(logits.shape, dlogits);
}

export const crossEntropyKernels: Readonly<Record<string, NativeKernel>> = {
  Softmax: softmax,
  SparseCrossEntropy: sparseCrossEntropy,
  SparseCrossEntropyGrad: sparseCrossEntropyGrad,
};
