import { cpuKernel, sizeOf } from './storage.ts';

/**
 * {x, y [images, height, width, channels], weights [window]}, {c1, c2} → [images]: the mean over all places of the window
 * and all channels.
 */
export const structuralSimilarityKernel = cpuKernel('StructuralSimilarity', (call) => {
  const [x, y, weights] = [call.values('x'), call.values('y'), call.values('weights')];
  const [images, height, width, channels] = call.shape('x') as [number, number, number, number];
  const [c1, c2] = [call.attribute<number>('c1'), call.attribute<number>('c2')];
  const window = weights.length;
  const row = width * channels;
  const [rows, places] = [height - window + 1, (width - window + 1) * channels];

  /** Weighted sums of a value down the window, of each place in a row. */
  const down = (start: number, of: (a: number, b: number) => number) => {
    const sums = new Float64Array(row);
    for (let k = 0; k < window; k++) {
      for (let i = 0; i < row; i++) {
        const place = start + k * row + i;
        sums[i]! += weights[k]! * of(x[place]!, y[place]!);
      }
    }
    return sums;
  };
  const across = (sums: Float64Array, place: number) =>
    (weights as Float32Array).reduce((sum, weight, k) => sum + weight * sums[place + k * channels]!, 0);

  const similarities = new Float32Array(images);
  for (let image = 0; image < images; image++) {
    let total = 0;
    for (let top = 0; top < rows; top++) {
      const start = image * sizeOf([height, row]) + top * row;
      const ofX = down(start, (a) => a);
      const ofY = down(start, (_, b) => b);
      const ofProduct = down(start, (a, b) => a * b);
      const ofChange = down(start, (a, b) => (a - b) ** 2);
      for (let i = 0; i < places; i++) {
        const [a, b] = [across(ofX, i), across(ofY, i)];
        const like = 2 * a * b + c1;
        const covariance = 2 * (across(ofProduct, i) - a * b) + c2;
        const spread = across(ofChange, i) - (a - b) ** 2;
        total += ((like / (like + (a - b) ** 2)) * covariance) / (covariance + spread);
      }
    }
    similarities[image] = total / (rows * places);
  }
  return call.output([images], similarities);
});
