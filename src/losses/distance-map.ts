// Distances to the border of a region, exactly.

/**
 * The distance of every pixel to the border of the region, in pixels: outside positive, inside negative, and none where
 * the region is empty or everything.
 *
 * `inside` holds 1 for the pixels `[height, width]` of the region, `outside` for others: all, unless some do not count. A pixel outside has the distance to the nearest pixel
 * of the region; one inside, minus the distance to the nearest outside, plus 1: the two rows of pixels beside a border
 * have 1 and 0, as the signed map of Kervadec et al. 2019, arXiv:1812.07032.
 */
export function signedDistances(
  inside: Uint8Array,
  height: number,
  width: number,
  outside: Uint8Array = inside.map((value) => 1 - value),
): Float32Array {
  const result = new Float32Array(inside.length);
  if (!inside.includes(1) || !outside.includes(1)) return result;
  const [toRegion, toOutside] = [inside, outside].map((region) => squaredDistances(region, height, width));
  for (let i = 0; i < result.length; i++) {
    result[i] = inside[i] ? 1 - Math.sqrt(toOutside![i]!) : Math.sqrt(toRegion![i]!);
  }
  return result;
}

/** Felzenszwalb and Huttenlocher 2012, Distance transforms of sampled functions: rows, then columns. */
function squaredDistances(region: Uint8Array, height: number, width: number): Float64Array {
  const far = height * height + width * width;
  const squares = Float64Array.from(region, (value) => (value ? 0 : far));
  const longest = Math.max(height, width);
  const line = new Float64Array(longest);
  const envelope = { places: new Int32Array(longest), borders: new Float64Array(longest + 1) };
  const transform = (start: number, step: number, count: number) => {
    for (let i = 0; i < count; i++) line[i] = squares[start + i * step]!;
    lowerEnvelope(line, count, envelope);
    for (let i = 0, k = 0; i < count; i++) {
      while (envelope.borders[k + 1]! < i) k++;
      const place = envelope.places[k]!;
      squares[start + i * step] = (i - place) ** 2 + line[place]!;
    }
  };
  for (let row = 0; row < height; row++) transform(row * width, 1, width);
  for (let column = 0; column < width; column++) transform(column, width, height);
  return squares;
}

/** Of the parabolas (i − place)² + values[place]: which is lowest from which border on. */
function lowerEnvelope(
  values: Float64Array,
  count: number,
  { places, borders }: { places: Int32Array; borders: Float64Array },
): void {
  let last = 0;
  places[0] = 0;
  borders[0] = Number.NEGATIVE_INFINITY;
  borders[1] = Number.POSITIVE_INFINITY;
  for (let i = 1; i < count; i++) {
    const crossing = () => {
      const place = places[last]!;
      return (values[i]! + i * i - (values[place]! + place * place)) / (2 * (i - place));
    };
    let border = crossing();
    while (border <= borders[last]!) {
      last--;
      border = crossing();
    }
    last++;
    places[last] = i;
    borders[last] = border;
    borders[last + 1] = Number.POSITIVE_INFINITY;
  }
}
