import { requireOption } from '../../options.ts';
import { defineAugmentation, symmetric } from './augmentation.ts';
import { inverse, type Matrix3, mapColours, multiply } from './colour-matrix.ts';

const LUMA = [0.299, 0.587, 0.114] as const;
const TO_YIQ: Matrix3 = [0.299, 0.587, 0.114, 0.5959, -0.2746, -0.3213, 0.2115, -0.5227, 0.3112];
const FROM_YIQ = inverse(TO_YIQ);

function saturation(factor: number): Matrix3 {
  if (factor === 1) return [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const grey = LUMA.map((weight) => (1 - factor) * weight);
  const [r, g, b] = grey as [number, number, number];
  return [r + factor, g, b, r, g + factor, b, r, g, b + factor];
}

/** A turn of the chromaticities of YIQ; exactly nothing for 0. */
function hueTurn(turns: number): Matrix3 {
  if (turns === 0) return [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const [sine, cosine] = [Math.sin(2 * Math.PI * turns), Math.cos(2 * Math.PI * turns)];
  return multiply(FROM_YIQ, multiply([1, 0, 0, 0, cosine, -sine, 0, sine, cosine], TO_YIQ));
}

/**
 * Brightness, contrast, saturation and hue, each by a random amount; the first two in images of one channel.
 *
 * Brightness, contrast and saturation are factors in [1 − amount, 1 + amount], as torchvision's `ColorJitter` has them,
 * and hue is a part of a full turn in [−hue, hue]. Departures: the order is hue, saturation, brightness, contrast, so that
 * one matrix does them all; values are clipped once, at the end; hue is a turn in YIQ, where the luma stays.
 */
export const colourJitter = defineAugmentation({
  defaults: { probability: 1, brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.02 },
  create({ brightness, contrast, saturation: saturated, hue }, [, , channels]) {
    for (const [name, amount] of Object.entries({ brightness, contrast, saturation: saturated })) {
      requireOption('colourJitter', name, amount >= 0 && amount <= 1, 'a number in [0, 1]', amount);
    }
    requireOption('colourJitter', 'hue', hue >= 0 && hue <= 0.5, 'a number in [0, 0.5]', hue);
    return {
      recolour({ pixels }, random) {
        const light = 1 + symmetric(random, brightness);
        const spread = 1 + symmetric(random, contrast);
        const vivid = 1 + symmetric(random, saturated);
        const turn = symmetric(random, hue);
        const gain = light * spread;
        if (channels !== 3) {
          const offset = (1 - spread) * light * meanOf(pixels, 1, [1]);
          for (let i = 0; i < pixels.length; i++) pixels[i] = gain * (pixels[i] as number) + offset;
          return;
        }
        // The luma, and so its mean, is the same before and after hue and saturation.
        const offset = (1 - spread) * light * meanOf(pixels, 3, LUMA);
        const turned = multiply(saturation(vivid), hueTurn(turn));
        const matrix = turned.map((value) => gain * value) as readonly number[] as Matrix3;
        mapColours(pixels, matrix, [offset, offset, offset]);
      },
    };
  },
});

function meanOf(pixels: Float32Array, channels: number, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += channels) {
    for (let channel = 0; channel < channels; channel++) {
      sum += (weights[channel] as number) * (pixels[i + channel] as number);
    }
  }
  return sum / (pixels.length / channels);
}
