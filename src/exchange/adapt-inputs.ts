/**
 * A filter [height, width, channels, filters] for another number of channels, as timm's `adapt_input_conv` does it:
 * for one, the sum over channels; for n, the channels in turn, times channels / n, so that activations keep their size.
 */
export function adaptInputs(
  filter: Float32Array,
  [height, width, channels, filters]: readonly [number, number, number, number],
  inputs: number,
): { readonly values: Float32Array; readonly how: string } {
  const sums = inputs === 1;
  const steps = Array.from({ length: sums ? channels : inputs }, (_, i) => ({
    from: i % channels,
    to: sums ? 0 : i,
  }));
  const scale = sums ? 1 : channels / inputs;
  const values = new Float32Array(height * width * inputs * filters);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (const { from, to } of steps) {
      for (let f = 0; f < filters; f++) {
        values[(pixel * inputs + to) * filters + f]! +=
          scale * filter[(pixel * channels + from) * filters + f]!;
      }
    }
  }
  const how = sums
    ? `the sum over ${channels} channels`
    : `the ${channels} channels in turn, × ${channels}/${inputs}`;
  return { values, how };
}
