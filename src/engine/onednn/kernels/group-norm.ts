import { type Call, integers, type NativeKernel } from '../kernel.ts';

function shapeOf(call: Call): Int32Array {
  const [images, pixels, channels] = call.input('x').shape as [number, number, number];
  return integers(images, pixels, channels, call.attribute<number>('groups'));
}

function groupNorm(call: Call) {
  if (!call.areFloat('x', 'gamma', 'beta')) return undefined;
  const x = call.input('x');
  const groups = [x.shape[0]!, call.attribute<number>('groups')];
  const [y, mean, variance] = [call.take(x.shape), call.take(groups), call.take(groups)];
  call.native.groupNorm(
    call.floats(x),
    call.floats(call.input('gamma')),
    call.floats(call.input('beta')),
    y,
    mean,
    variance,
    shapeOf(call),
    call.attribute<number>('epsilon'),
  );
  return [call.output(x.shape, y), call.output(groups, mean), call.output(groups, variance)];
}

function groupNormGrad(call: Call) {
  if (!call.areFloat('x', 'dy', 'mean', 'variance', 'gamma')) return undefined;
  const [x, gamma] = [call.input('x'), call.input('gamma')];
  const [dx, dgamma, dbeta] = [call.take(x.shape), call.take(gamma.shape), call.take(gamma.shape)];
  call.native.groupNormGrad(
    call.floats(x),
    call.floats(call.input('dy')),
    call.floats(call.input('mean')),
    call.floats(call.input('variance')),
    call.floats(gamma),
    dx,
    dgamma,
    dbeta,
    shapeOf(call),
    call.attribute<number>('epsilon'),
  );
  return [call.output(x.shape, dx), call.output(gamma.shape, dgamma), call.output(gamma.shape, dbeta)];
}

export const groupNormKernels: Readonly<Record<string, NativeKernel>> = {
  GroupNorm: groupNorm,
  GroupNormGrad: groupNormGrad,
};
