import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';

/** Everything but the last axis is rows. */
function rowsAndChannels(shape: readonly number[], channels: number): Int32Array {
  return integers(sizeOf(shape) / channels, channels);
}

function batchNormTrain(call: Call) {
  if (!call.areFloat('x', 'gamma', 'beta')) return undefined;
  const residual = call.optional('residual');
  if (residual && residual.dtype !== 'float32') return undefined;
  const [x, gamma, beta] = [call.input('x'), call.input('gamma'), call.input('beta')];
  const channels = gamma.shape;
  const [scale, shift, half] = [call.floats(gamma), call.floats(beta), call.isHalf(x)];
  const [y, mean, variance] = [call.takeReals(x.shape, half), call.take(channels), call.take(channels)];
  call.native.batchNormTrain(
    call.reals(x, half),
    scale,
    shift,
    y,
    mean,
    variance,
    rowsAndChannels(x.shape, sizeOf(channels)),
    call.attribute<number>('epsilon'),
    residual ? call.reals(residual, half) : null,
    call.attribute<boolean | undefined>('relu') ?? false,
  );
  return [call.output(x.shape, y), call.output(channels, mean), call.output(channels, variance)];
}

function batchNormTrainGrad(call: Call) {
  if (!call.areFloat('x', 'dy', 'mean', 'variance', 'gamma')) return undefined;
  const [x, gamma] = [call.input('x'), call.input('gamma')];
  const channels = gamma.shape;
  const [mean, variance] = [call.floats(call.input('mean')), call.floats(call.input('variance'))];
  const [scale, half] = [call.floats(gamma), call.isHalf(x)];
  const [dx, dgamma, dbeta] = [call.takeReals(x.shape, half), call.take(channels), call.take(channels)];
  const y = call.optional('y');
  const dresidual = call.attribute<boolean | undefined>('residual') ? call.takeReals(x.shape, half) : null;
  call.native.batchNormTrainGrad(
    call.reals(x, half),
    call.reals(call.input('dy'), half),
    mean,
    variance,
    scale,
    dx,
    dgamma,
    dbeta,
    rowsAndChannels(x.shape, sizeOf(channels)),
    call.attribute<number>('epsilon'),
    y ? call.reals(y, half) : null,
    dresidual,
  );
  const gradients = [call.output(x.shape, dx), call.output(channels, dgamma), call.output(channels, dbeta)];
  return dresidual ? [...gradients, call.output(x.shape, dresidual)] : gradients;
}

function fusedBatchNorm(call: Call) {
  const x = call.input('x');
  const channels = x.shape.at(-1) ?? 1;
  const [mean, variance] = [call.input('mean'), call.input('variance')];
  const [offset, scale] = [call.optional('offset'), call.optional('scale')];
  const isVector = (info: typeof offset) =>
    !info || (info.dtype === 'float32' && sizeOf(info.shape) === channels);
  if (x.dtype !== 'float32' || ![mean, variance, offset, scale].every(isVector)) return undefined;
  const vectors = [mean, variance, offset, scale].map((info) => (info ? call.floats(info) : null));
  const [means, variances, offsets, scales] = vectors as [Float32Array, Float32Array, ...typeof vectors];
  const half = call.isHalf(x);
  const y = call.takeReals(x.shape, half);
  call.native.batchNormInference(
    call.reals(x, half),
    means,
    variances,
    offsets ?? null,
    scales ?? null,
    y,
    rowsAndChannels(x.shape, channels),
    call.attribute<number | undefined>('varianceEpsilon') ?? 0.001,
  );
  return call.output(x.shape, y);
}

export const batchNormKernels: Readonly<Record<string, NativeKernel>> = {
  BatchNormTrain: batchNormTrain,
  BatchNormTrainGrad: batchNormTrainGrad,
  FusedBatchNorm: fusedBatchNorm,
};
