import { type Call, cpuKernel, type Values } from './storage.ts';

/** log Σ exp(z_j) over the classes of a row other than `label`. */
function logSumExpOfOthers(logits: Values, start: number, classes: number, label: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < classes; j++) {
    if (j !== label) largest = Math.max(largest, logits[start + j]!);
  }
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let j = 0; j < classes; j++) {
    if (j !== label) sum += Math.exp(logits[start + j]! - largest);
  }
  return largest + Math.log(sum);
}

const softplus = (u: number) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
const sigmoid = (u: number) => (u >= 0 ? 1 / (1 + Math.exp(-u)) : Math.exp(u) / (1 + Math.exp(u)));

function inputsOf(call: Call) {
  const [images, places, classes] = call.shape('logits') as [number, number, number];
  const labels = call.values('labels');
  const ignored = call.attribute<number>('ignoreLabel');
  return {
    images,
    places,
    classes,
    logits: call.values('logits'),
    weights: call.values('weights'),
    smoothing: call.attribute<number>('labelSmoothing'),
    gamma: call.attribute<number>('gamma'),
    /** The label of a row, undefined where it does not count. */
    labelOf(row: number): number | undefined {
      const label = labels[row]!;
      return label < 0 || label >= classes || label === ignored ? undefined : label;
    },
  };
}

/** The rows of an image that count. */
function countedRows({ labelOf, places }: ReturnType<typeof inputsOf>, image: number): number[] {
  const rows = Array.from({ length: places }, (_, place) => image * places + place);
  return rows.filter((row) => labelOf(row) !== undefined);
}

function loss(call: Call) {
  const inputs = inputsOf(call);
  const { images, classes, logits, weights, smoothing, gamma, labelOf } = inputs;
  const losses = new Float32Array(images);
  for (let image = 0; image < images; image++) {
    const rows = countedRows(inputs, image);
    let sum = 0;
    for (const row of rows) {
      const [label, start] = [labelOf(row)!, row * classes];
      const against = logSumExpOfOthers(logits, start, classes, label) - logits[start + label]!;
      const surprise = softplus(against);
      let value = weights[label]! * surprise;
      if (gamma > 0) value *= Math.exp(-gamma * softplus(-against));
      if (smoothing > 0) {
        let uniform = 0;
        for (let j = 0; j < classes; j++) {
          uniform += weights[j]! * (surprise + logits[start + label]! - logits[start + j]!);
        }
        value = (1 - smoothing) * value + (smoothing / classes) * uniform;
      }
      sum += value;
    }
    losses[image] = rows.length > 0 ? sum / rows.length : 0;
  }
  return call.output([images], losses);
}

function gradient(call: Call) {
  const inputs = inputsOf(call);
  const { images, places, classes, logits, weights, smoothing, gamma, labelOf } = inputs;
  const dy = call.values('dy');
  let allWeights = 0;
  for (const weight of weights) allWeights += weight;
  const dlogits = new Float32Array(logits.length);
  for (let image = 0; image < images; image++) {
    const rows = countedRows(inputs, image);
    for (const row of rows) {
      const [label, start] = [labelOf(row)!, row * classes];
      const others = logSumExpOfOthers(logits, start, classes, label);
      const against = others - logits[start + label]!;
      const [right, wrong] = [sigmoid(-against), sigmoid(against)];
      const focused = wrong ** gamma * (gamma * right * softplus(against) + wrong);
      const steepness = weights[label]! * (gamma > 0 ? focused : wrong);
      for (let j = 0; j < classes; j++) {
        const share = j === label ? 0 : Math.exp(logits[start + j]! - others);
        let slope = j === label ? -steepness : steepness * share;
        if (smoothing > 0) {
          const probability = j === label ? right : wrong * share;
          const ofUniform = probability * allWeights - weights[j]!;
          slope = (1 - smoothing) * slope + (smoothing / classes) * ofUniform;
        }
        dlogits[start + j] = (slope * dy[image]!) / rows.length;
      }
    }
  }
  return call.output([images, places, classes], dlogits);
}

/**
 * {logits [images, places, classes], labels [images, places], weights [classes]}, {labelSmoothing, gamma, ignoreLabel}
 * → losses [images]: see `crossEntropyPerImage`.
 */
export const sparseCrossEntropyKernel = cpuKernel('SparseCrossEntropy', loss);

/** The same and dy [images] → dlogits; without smoothing, the slope of the label is minus the sum of the others. */
export const sparseCrossEntropyGradKernel = cpuKernel('SparseCrossEntropyGrad', gradient);
