// Linear maps of colours.

type Row = [number, number, number];

/** Three rows of three. */
export type Matrix3 = readonly [...Row, ...Row, ...Row];

/** The map that does `right`, then `left`. */
export function multiply(left: Matrix3, right: Matrix3): Matrix3 {
  const product = Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return [0, 1, 2].reduce(
      (sum, k) => sum + (left[row + k] as number) * (right[3 * k + column] as number),
      0,
    );
  });
  return product as readonly number[] as Matrix3;
}

/** The map back. `matrix` must have one. */
export function inverse([a, b, c, d, e, f, g, h, i]: Matrix3): Matrix3 {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const cofactors = [
    ...[e * i - f * h, c * h - b * i, b * f - c * e],
    ...[f * g - d * i, a * i - c * g, c * d - a * f],
    ...[d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  return cofactors.map((value) => value / determinant) as readonly number[] as Matrix3;
}

/** Replaces every colour by `matrix` · colour + `offset`, in place. `pixels` hold three channels. */
export function mapColours(pixels: Float32Array, matrix: Matrix3, offset: Readonly<Row>): void {
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = matrix;
  const [o0, o1, o2] = offset;
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i] as number, pixels[i + 1] as number, pixels[i + 2] as number];
    pixels[i] = m0 * red + m1 * green + m2 * blue + o0;
    pixels[i + 1] = m3 * red + m4 * green + m5 * blue + o1;
    pixels[i + 2] = m6 * red + m7 * green + m8 * blue + o2;
  }
}
