import { type Call, cpuKernel } from './storage.ts';

function inputsOf(call: Call) {
  const [images, places, classes] = call.shape('logits') as [number, number, number];
  const [logits, labels] = [call.values('logits'), call.values('labels')];
  const ignored = call.attribute<number>('ignoreLabel');
  return {
    images,
    places,
    classes,
    /** The label of a row, undefined where it does not count. */
    labelOf(row: number): number | undefined {
      const label = labels[row]!;
      return label < 0 || label >= classes || label === ignored ? undefined : label;
    },
    softmaxOf(row: number): Float64Array {
      const z = Float64Array.from(logits.subarray(row * classes, (row + 1) * classes));
      const largest = z.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      const powers = z.map((value) => Math.exp(value - largest));
      const sum = powers.reduce((total, value) => total + value, 0);
      return powers.map((value) => value / sum);
    },
  };
}

function loss(call: Call) {
  const { images, places, classes, labelOf, softmaxOf } = inputsOf(call);
  const smooth = call.attribute<number>('smooth');
  const first = call.attribute<number>('firstClass');
  const losses = new Float32Array(images);
  const slopes = new Float32Array(images * classes * 2);
  for (let image = 0; image < images; image++) {
    const [overlap, size] = [new Float64Array(classes), new Float64Array(classes)];
    for (let row = image * places; row < (image + 1) * places; row++) {
      const label = labelOf(row);
      if (label === undefined) continue;
      const probabilities = softmaxOf(row);
      overlap[label]! += probabilities[label]!;
      size[label]! += 1;
      for (let j = 0; j < classes; j++) size[j]! += probabilities[j]!;
    }
    let dice = 0;
    for (let j = first; j < classes; j++) {
      const [above, below] = [2 * overlap[j]! + smooth, size[j]! + smooth];
      dice += above / below;
      const place = (image * classes + j) * 2;
      slopes[place] = above / (below * below) / (classes - first);
      slopes[place + 1] = -2 / below / (classes - first);
    }
    losses[image] = 1 - dice / (classes - first);
  }
  return [call.output([images], losses), call.output([images, classes, 2], slopes)];
}

function gradient(call: Call) {
  const { images, places, classes, labelOf, softmaxOf } = inputsOf(call);
  const [slopes, dy] = [call.values('slopes'), call.values('dy')];
  const dlogits = new Float32Array(images * places * classes);
  for (let row = 0; row < images * places; row++) {
    const label = labelOf(row);
    if (label === undefined) continue;
    const image = Math.floor(row / places);
    const probabilities = softmaxOf(row);
    const slopeOf = (j: number) => {
      const place = (image * classes + j) * 2;
      return slopes[place]! + (j === label ? slopes[place + 1]! : 0);
    };
    const mean = probabilities.reduce((sum, probability, j) => sum + probability * slopeOf(j), 0);
    probabilities.forEach((probability, j) => {
      dlogits[row * classes + j] = probability * (slopeOf(j) - mean) * dy[image]!;
    });
  }
  return call.output([images, places, classes], dlogits);
}

/**
 * {logits [images, places, classes], labels [images, places]}, {smooth, firstClass, ignoreLabel} → [losses [images],
 * slopes [images, classes, 2]]: of the loss in a probability where another class is right, and what is added where the
 * class is.
 */
export const softDiceKernel = cpuKernel('SoftDice', loss);

/** {logits, labels, slopes, dy [images]}, {ignoreLabel} → dlogits. */
export const softDiceGradKernel = cpuKernel('SoftDiceGrad', gradient);
