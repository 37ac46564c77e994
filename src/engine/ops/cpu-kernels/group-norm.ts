import { type Call, cpuKernel } from './storage.ts';

interface Groups {
  readonly images: number;
  readonly groups: number;
  readonly channels: number;
  /** Elements of a group of an image. */
  readonly count: number;
  /** The group, counted over all images, of an element of x. */
  groupOf(i: number): number;
}

function groupsOf(call: Call): Groups {
  const [images, pixels, channels] = call.shape('x') as [number, number, number];
  const groups = call.attribute<number>('groups');
  const width = channels / groups;
  const groupOf = (i: number) =>
    Math.floor(i / (pixels * channels)) * groups + Math.floor((i % channels) / width);
  return { images, groups, channels, count: pixels * width, groupOf };
}

/** Sums in double precision of `term(i)` over the elements of each group. */
function groupSums({ images, groups, groupOf }: Groups, size: number, term: (i: number) => number) {
  const sums = new Float64Array(images * groups);
  for (let i = 0; i < size; i++) sums[groupOf(i)]! += term(i);
  return sums;
}

function forward(call: Call) {
  const [x, gamma, beta] = [call.values('x'), call.values('gamma'), call.values('beta')];
  const g = groupsOf(call);
  const mean = groupSums(g, x.length, (i) => x[i]!).map((sum) => sum / g.count);
  const deviations = groupSums(g, x.length, (i) => (x[i]! - mean[g.groupOf(i)]!) ** 2);
  const variance = deviations.map((sum) => sum / g.count);
  const inverse = variance.map((value) => 1 / Math.sqrt(value + call.attribute<number>('epsilon')));
  const y = Float32Array.from(x, (value, i) => {
    const group = g.groupOf(i);
    const channel = i % g.channels;
    return (value - mean[group]!) * inverse[group]! * gamma[channel]! + beta[channel]!;
  });
  const shape = [g.images, g.groups];
  return [
    call.output(call.shape('x'), y),
    call.output(shape, Float32Array.from(mean)),
    call.output(shape, Float32Array.from(variance)),
  ];
}

function backward(call: Call) {
  const [x, dy, gamma] = [call.values('x'), call.values('dy'), call.values('gamma')];
  const [mean, variance] = [call.values('mean'), call.values('variance')];
  const g = groupsOf(call);
  const epsilon = call.attribute<number>('epsilon');
  const inverse = Float64Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  const normalised = (i: number) => (x[i]! - mean[g.groupOf(i)]!) * inverse[g.groupOf(i)]!;
  const scaled = (i: number) => dy[i]! * gamma[i % g.channels]!;
  const level = groupSums(g, x.length, scaled);
  const tilt = groupSums(g, x.length, (i) => scaled(i) * normalised(i));
  const dx = Float32Array.from(x, (_, i) => {
    const group = g.groupOf(i);
    return inverse[group]! * (scaled(i) - (level[group]! + normalised(i) * tilt[group]!) / g.count);
  });
  const [dgamma, dbeta] = [new Float64Array(g.channels), new Float64Array(g.channels)];
  for (let i = 0; i < x.length; i++) {
    dgamma[i % g.channels]! += dy[i]! * normalised(i);
    dbeta[i % g.channels]! += dy[i]!;
  }
  return [
    call.output(call.shape('x'), dx),
    call.output([g.channels], Float32Array.from(dgamma)),
    call.output([g.channels], Float32Array.from(dbeta)),
  ];
}

/** {x [images, pixels, channels], gamma, beta}, {groups, epsilon} → [y, mean, biased variance], `[images, groups]`. */
export const groupNormKernel = cpuKernel('GroupNorm', forward);

/** {x, dy, mean, variance, gamma}, {groups, epsilon} → [dx, dgamma, dbeta]. */
export const groupNormGradKernel = cpuKernel('GroupNormGrad', backward);
