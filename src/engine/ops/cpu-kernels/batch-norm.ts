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
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; ) {
    for (let c = 0; c < channels; c++, i++) y[i] = (x[i]! - mean[c]!) * scale[c]! + beta[c]!;
  }
  return [
    call.output(call.shape('x'), y),
    call.output([channels], Float32Array.from(mean)),
    call.output([channels], Float32Array.from(variance)),
  ];
}

function trainGrad(call: Call) {
  const [x, dy, gamma] = [call.values('x'), call.values('dy'), call.values('gamma')];
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
  return [
    call.output(call.shape('x'), dx),
    call.output([channels], Float32Array.from(dgamma)),
    call.output([channels], Float32Array.from(dbeta)),
  ];
}

/** {x, gamma, beta}, {epsilon} → [y, mean, biased variance], over all axes but the last. */
export const batchNormTrainKernel = cpuKernel('BatchNormTrain', train);

/** {x, dy, mean, variance, gamma}, {epsilon} → [dx, dgamma, dbeta]. */
export const batchNormTrainGradKernel = cpuKernel('BatchNormTrainGrad', trainGrad);
