import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';

function settingsOf(call: Call) {
  const { shape } = call.input('x');
  const channels = shape.at(-1)!;
  const radius = call.attribute<number>('depthRadius');
  const [bias, alpha, beta] = ['bias', 'alpha', 'beta'].map((name) => call.attribute<number>(name));
  const geometry = integers(sizeOf(shape) / channels, channels, radius);
  return [geometry, bias!, alpha!, beta!] as const;
}

const isWhole = (call: Call) => Number.isInteger(call.attribute<number>('depthRadius'));

function lrn(call: Call) {
  if (!call.areFloat('x') || !isWhole(call)) return undefined;
  const x = call.input('x');
  const y = call.take(x.shape);
  call.native.lrn(call.floats(x), y, ...settingsOf(call));
  return call.output(x.shape, y);
}

function lrnGrad(call: Call) {
  if (!call.areFloat('x', 'y', 'dy') || !isWhole(call)) return undefined;
  const x = call.input('x');
  const [y, dy] = [call.floats(call.input('y')), call.floats(call.input('dy'))];
  const dx = call.take(x.shape);
  call.native.lrnGrad(call.floats(x), y, dy, dx, ...settingsOf(call));
  return call.output(x.shape, dx);
}

export const lrnKernels: Readonly<Record<string, NativeKernel>> = {
  LRN: lrn,
  LRNGrad: lrnGrad,
};
