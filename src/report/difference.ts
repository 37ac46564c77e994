import type { GalleryImage } from './gallery-image.ts';

export interface Difference {
  readonly image: GalleryImage;
  /** By how much it is magnified: 1, 2, 5, 10, 20, … */
  readonly factor: number;
  /** The largest change of a value, before magnification. */
  readonly largest: number;
}

/** The roundest factor that keeps `largest` in the half of the range on either side of grey. */
function roundFactor(largest: number): number {
  // Noise of float32 must not choose the next factor down.
  const most = (0.5 / largest) * (1 + 1e-3);
  if (!(most >= 1) || !Number.isFinite(most)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([5, 2, 1].find((factor) => factor * power <= most) ?? 1);
}

/** What was added to `clean`, magnified around middle grey, which means no change. */
export function magnifiedDifference(clean: GalleryImage, adversarial: GalleryImage): Difference {
  const change = adversarial.pixels.map((value, i) => value - (clean.pixels[i] as number));
  const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const factor = roundFactor(largest);
  return {
    image: { shape: clean.shape, pixels: change.map((value) => 0.5 + factor * value) },
    factor,
    largest,
  };
}
