import { defineCorruption, type Picture } from './corruption.ts';
import { type Complex, fourier } from './fourier.ts';

/** Where the patient lies, in shares of the height and width, and radians; and until when, as a share of the scan. */
interface Pose {
  readonly down: number;
  readonly right: number;
  readonly turn: number;
  readonly until: number;
}

/** The largest shift and turn, at an amount of 1. */
const [SHIFT, TURN] = [0.05, (10 * Math.PI) / 180];

/** One channel as it looks in a pose, bilinear; beyond the border stands the value at it. */
function moved(
  { pixels, shape: [height, width, channels] }: Picture,
  channel: number,
  pose: Pose,
  amount: number,
): Float32Array {
  const at = (row: number, column: number) => {
    const y = Math.min(height - 1, Math.max(0, row));
    const x = Math.min(width - 1, Math.max(0, column));
    return pixels[(y * width + x) * channels + channel]!;
  };
  const [cosine, sine] = [Math.cos(amount * pose.turn), Math.sin(amount * pose.turn)];
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  const view = new Float32Array(height * width);
  for (let i = 0; i < view.length; i++) {
    const y = Math.floor(i / width) - middleRow - amount * pose.down * height;
    const x = (i % width) - middleColumn - amount * pose.right * width;
    const row = cosine * y - sine * x + middleRow;
    const column = sine * y + cosine * x + middleColumn;
    const top = Math.floor(row);
    const left = Math.floor(column);
    const u = column - left;
    const upper = (1 - u) * at(top, left) + u * at(top, left + 1);
    const lower = (1 - u) * at(top + 1, left) + u * at(top + 1, left + 1);
    view[i] = upper + (row - top) * (lower - upper);
  }
  return view;
}

/** Puts the spectra of one column together as its lines were measured: from the most negative frequency to the highest. */
function gather(spectra: readonly Complex[], poses: readonly Pose[], into: Complex): void {
  const length = into.real.length;
  let pose = 0;
  for (let line = 0; line < length; line++) {
    while (line >= (poses[pose] as Pose).until * length) pose++;
    const from = spectra[pose] as Complex;
    const frequency = (line + length / 2) % length;
    into.real[frequency] = from.real[frequency]!;
    into.imaginary[frequency] = from.imaginary[frequency]!;
  }
}

function corrupted(picture: Picture, poses: readonly Pose[], amount: number): Float32Array {
  const [height, width, channels] = picture.shape;
  // At least 2, so that there are two halves of k-space.
  const length = 2 ** Math.max(1, Math.ceil(Math.log2(height)));
  const transform = fourier(length);
  const empty = (): Complex => ({ real: new Float64Array(length), imaginary: new Float64Array(length) });
  const [spectra, whole] = [poses.map(empty), empty()];
  const result = new Float32Array(picture.pixels.length);
  for (let channel = 0; channel < channels; channel++) {
    const views = poses.map((pose) => moved(picture, channel, pose, amount));
    for (let column = 0; column < width; column++) {
      for (const [i, spectrum] of spectra.entries()) {
        const view = views[i] as Float32Array;
        // Beyond the image stands its border: a step to black would ring.
        for (let row = 0; row < length; row++)
          spectrum.real[row] = view[Math.min(row, height - 1) * width + column]!;
        spectrum.imaginary.fill(0);
        transform.forward(spectrum);
      }
      gather(spectra, poses, whole);
      transform.inverse(whole);
      for (let row = 0; row < height; row++) {
        const magnitude = Math.sqrt(whole.real[row]! ** 2 + whole.imaginary[row]! ** 2);
        result[(row * width + column) * channels + channel] = magnitude;
      }
    }
  }
  return result;
}

/** Two movements, the patient lying as in the image while the middle of k-space is measured. */
function drawPoses(random: { uniform(): number }): Pose[] {
  const either = () => 2 * random.uniform() - 1;
  const pose = (until: number): Pose => ({
    down: SHIFT * either(),
    right: SHIFT * either(),
    turn: TURN * either(),
    until,
  });
  const [first, second] = [1 / 3 + 0.2 * (random.uniform() - 0.5), 2 / 3 + 0.2 * (random.uniform() - 0.5)];
  return [pose(first), { down: 0, right: 0, turn: 0, until: second }, pose(1)];
}

/**
 * A patient who moves during an MRI scan: k-space is put together from the image and from two that are shifted by up
 * to 5 % and turned by up to 10 degrees, times the amount.
 *
 * Shaw et al. 2019, MRI k-space motion artefact augmentation, as TorchIO's `RandomMotion` (Pérez-García et al. 2021,
 * arXiv:2003.04696) with two movements, its default; lines run from left to right, the magnitude is taken.
 */
export const motion = defineCorruption({
  amounts: [0.2, 0.4, 0.6, 0.8, 1],
  prepare(picture, random) {
    const poses = drawPoses(random);
    return (amount) => corrupted(picture, poses, amount);
  },
});
