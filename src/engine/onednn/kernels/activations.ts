import type { Call, NativeKernel } from '../kernel.ts';

type ActivationName = 'silu' | 'gelu' | 'geluTanh';
type GradientName = 'siluGrad' | 'geluGrad' | 'geluTanhGrad' | 'sigmoidGrad' | 'tanhGrad' | 'softplusGrad';

function activation(call: Call, name: ActivationName) {
  if (!call.areFloat('x')) return undefined;
  const x = call.input('x');
  const y = call.take(x.shape);
  call.native[name](call.floats(x), y);
  return call.output(x.shape, y);
}

function gradient(call: Call, name: GradientName, saved: 'x' | 'y') {
  if (!call.areFloat('dy', saved)) return undefined;
  const dy = call.input('dy');
  const dx = call.take(dy.shape);
  call.native[name](call.floats(dy), call.floats(call.input(saved)), dx);
  return call.output(dy.shape, dx);
}

function leakyReluGrad(call: Call) {
  if (!call.areFloat('dy', 'x')) return undefined;
  const dy = call.input('dy');
  const dx = call.take(dy.shape);
  const alpha = call.attribute<number>('alpha');
  call.native.leakyReluGrad(call.floats(dy), call.floats(call.input('x')), dx, alpha);
  return call.output(dy.shape, dx);
}

const isTanh = (call: Call) => call.attribute<string>('approximate') === 'tanh';

export const activationKernels: Readonly<Record<string, NativeKernel>> = {
  Silu: (call) => activation(call, 'silu'),
  SiluGrad: (call) => gradient(call, 'siluGrad', 'x'),
  Gelu: (call) => activation(call, isTanh(call) ? 'geluTanh' : 'gelu'),
  GeluGrad: (call) => gradient(call, isTanh(call) ? 'geluTanhGrad' : 'geluGrad', 'x'),
  LeakyReluGrad: leakyReluGrad,
  SigmoidGrad: (call) => gradient(call, 'sigmoidGrad', 'y'),
  TanhGrad: (call) => gradient(call, 'tanhGrad', 'y'),
  SoftplusGrad: (call) => gradient(call, 'softplusGrad', 'x'),
};
