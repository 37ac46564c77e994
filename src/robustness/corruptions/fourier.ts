// A fast Fourier transform of powers of two: enough for lines of k-space.

/** Complex numbers, all of one length. */
export interface Complex {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/**
 * The discrete Fourier transform of lines of `length` numbers, a power of two; works in place.
 *
 * `inverse` divides by the length, so that it undoes the other.
 */
export function fourier(length: number) {
  const cosines = Float64Array.from({ length: length / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  const sines = Float64Array.from({ length: length / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / length));

  /** `direction` is -1, or 1 for the inverse. */
  function transform({ real, imaginary }: Complex, direction: -1 | 1): void {
    reorder(real);
    reorder(imaginary);
    for (let half = 1; half < length; half *= 2) {
      const stride = length / (2 * half);
      for (let start = 0; start < length; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const cosine = cosines[k * stride]!;
          const sine = direction * sines[k * stride]!;
          const re = real[b]! * cosine - imaginary[b]! * sine;
          const im = real[b]! * sine + imaginary[b]! * cosine;
          real[b] = real[a]! - re;
          imaginary[b] = imaginary[a]! - im;
          real[a] = real[a]! + re;
          imaginary[a] = imaginary[a]! + im;
        }
      }
    }
  }

  return {
    forward: (line: Complex) => transform(line, -1),
    inverse(line: Complex) {
      transform(line, 1);
      for (let i = 0; i < length; i++) {
        line.real[i] = line.real[i]! / length;
        line.imaginary[i] = line.imaginary[i]! / length;
      }
    },
  };
}

/** Into the order of reversed bits. */
function reorder(values: Float64Array): void {
  const length = values.length;
  for (let i = 0, j = 0; i < length; i++) {
    if (i < j) {
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
    let bit = length >> 1;
    while (bit > 0 && j & bit) {
      j ^= bit;
      bit >>= 1;
    }
    j |= bit;
  }
}
