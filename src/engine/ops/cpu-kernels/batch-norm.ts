import { type Call, cpuKernel, type Values } from './storage.ts';

/** Sums in double precision over all axes but the last. */
function channelSums(channels: number, size: number, term: (i: number, channel: number) => number) {
  const sums = new Float64Array(channels);
  for (let i = 0; i < size; ) {
    for (let c = 0; c < channels; c++, i++) sums[c]! += term(i, c);
  }
  return sums;
}

function channelMeans(x: Values, channels: number): Float64Array {
  return channelSums(channels, x.length, (i) => x[i]!).map((sum) => (sum * channels) / x.length);
}

function train(call: Call) {
  const [x, gamma, beta] = [call.values('x'), call.values('gamma'), call.values('beta')];
  const epsilon = call.attribute<number>('epsilon');
  const channels = gamma.length;
  const mean = channelMeans(x, channels);
  const deviations = channelSums(channels, x.length, (i, c) => (x[i]! - mean[c]!) ** 2);
  const variance = deviations.map((sum) => (sum * channels) / x.length);
  const scale = variance.map((value, c) => gamma[c]! / Math.sqrt(value + epsilon));
  const residual = call.has('residual') ? call.values('residual') : undefined;
  const least = call.attribute<boolean | undefined>('relu') ? 0 : Number.NEGATIVE_INFINITY;
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; ) {
    for (let c = 0; c < channels; c++, i++) {
      const value = (x[i]! - mean[c]!) * scale[c]! + beta[c]! + (residual ? residual[i]! : 0);
      y[i] = value < least ? least : value;
    }
  }
  return [
    call.output(call.shape('x'), y),
    call.output([channels], Float32Array.from(mean)),
    call.output([channels], Float32Array.from(variance)),
  ];
}

function trainGrad(call: Call) {
  const [x, upstream, gamma] = [call.values('x'), call.values('dy'), call.values('gamma')];
  const y = call.has('y') ? call.values('y') : undefined;
  const dy = y ? Float32Array.from(upstream, (value, i) => (y[i]! > 0 ? value : 0)) : upstream;
  const [mean, variance] = [call.values('mean'), call.values('variance')];
  const epsilon = call.attribute<number>('epsilon');
  const channels = gamma.length;
  const rows = x.length / channels;
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  const dbeta = channelSums(channels, x.length, (i) => dy[i]!);
  const dgamma = channelSums(channels, x.length, (i, c) => dy[i]! * (x[i]! - mean[c]!) * inverse[c]!);
  const dx = new Float32Array(x.length);
  for (let i = 0; i < x.length; ) {
    for (let c = 0; c < channels; c++, i++) {
      const normalised = (x[i]! - mean[c]!) * inverse[c]!;
      const centred = dy[i]! - (dbeta[c]! + normalised * dgamma[c]!) / rows;
      dx[i] = gamma[c]! * inverse[c]! * centred;
    }
  }
  const gradients = [
    call.output(call.shape('x'), dx),
    call.output([channels], Float32Array.from(dgamma)),
    call.output([channels], Float32Array.from(dbeta)),
  ];
  if (!call.attribute<boolean | undefined>('residual')) return gradients;
  return [...gradients, call.output(call.shape('x'), Float32Array.from(dy))];
}

/**
 * {x, gamma, beta, residual?}, {epsilon, relu?} → [y, mean, biased variance], over all axes but the last; the residual
 * is added to what is normalised, and relu is taken of the sum.
 */
export const batchNormTrainKernel = cpuKernel('BatchNormTrain', train);

/**
 * {x, dy, mean, variance, gamma, y?}, {epsilon, residual?} → [dx, dgamma, dbeta, dresidual?]; y is given where relu was
 * taken of it.
 */
export const batchNormTrainGradKernel = cpuKernel('BatchNormTrainGrad', trainGrad);
