import { UsageError } from '../errors.ts';
import { type Choice, requireOption, resolveChoice } from '../options.ts';
import type { Random } from '../random.ts';
import type {
  Augmentation,
  AugmentationDefinition,
  MixedLabels,
  SampleStack,
} from './augmentations/augmentation.ts';
import * as registry from './augmentations/registry.ts';
import type { ImageShape, Sample } from './dataset.ts';
import { placesOf, resampleImage, resampleMask } from './resample.ts';

/** `{ name: 'rotate', degrees: 15 }`: an augmentation and its options. */
export type AugmentChoice = Choice<typeof registry>;

export interface Augmenter {
  /**
   * The sample as training sees it this time, in [0, 1]; a new one, as the sample may be kept by others. Moves come first,
   * composed and interpolated once, then what recolours, each in the order of the list.
   */
  augment(sample: Sample, random: Random): Sample;
  /** Mixes samples with one another, in place. */
  mix(stack: SampleStack, count: number, random: Random): MixedLabels | undefined;
}

interface Named {
  readonly name: string;
  readonly probability: number;
  readonly augmentation: Augmentation;
}

function create(choice: AugmentChoice, shape: ImageShape): Named {
  const definitions: Readonly<Record<string, AugmentationDefinition>> = registry;
  const { name, definition, options } = resolveChoice('augmentation', definitions, choice);
  const { probability } = options as { probability: number };
  const inRange = probability >= 0 && probability <= 1;
  requireOption(name, 'probability', inRange, 'a number in [0, 1]', probability);
  return { name, probability, augmentation: definition.create(options as never, shape) };
}

function clip(pixels: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] as number;
    if (value < 0) pixels[i] = 0;
    else if (value > 1) pixels[i] = 1;
  }
}

/**
 * Carries out a list of augmentations on images of one shape.
 *
 * Each draws from a stream of its own name, so that one more in the list changes nothing of the others. Throws `UsageError`
 * for an unknown name, an option out of its range, an augmentation named twice, or one that these images are not for. Labels
 * that are not one number move with the image where they are `maps`.
 */
export function createAugmenter(
  choices: readonly AugmentChoice[],
  shape: ImageShape,
  maps = true,
): Augmenter {
  const all = choices.map((choice) => create(choice, shape));
  const names = all.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new UsageError(
      `data.augment: expected each augmentation once, received ${repeated} twice. Remove one.`,
    );
  }
  const mixing = all.filter(({ augmentation }) => 'mix' in augmentation);
  if (mixing.length > 1) {
    const listed = mixing.map(({ name }) => name).join(' and ');
    throw new UsageError(`data.augment: expected one that mixes images, received ${listed}. Remove one.`);
  }
  return {
    augment(sample, random) {
      const drawn = all.flatMap(({ name, probability, augmentation }) => {
        const own = random.stream(name);
        return own.uniform() < probability ? [{ augmentation, own }] : [];
      });
      const moves = drawn.flatMap(({ augmentation, own }) =>
        'move' in augmentation ? [augmentation.move(shape, own)] : [],
      );
      const places = placesOf(moves, shape);
      const pixels = places ? resampleImage(sample.pixels, shape, places) : sample.pixels.slice();
      for (const { augmentation, own } of drawn) {
        if ('recolour' in augmentation) augmentation.recolour({ pixels, shape }, own);
      }
      clip(pixels);
      const { id, label } = sample;
      return {
        id,
        pixels,
        label: places && maps && typeof label !== 'number' ? resampleMask(label, shape, places) : label,
      };
    },
    mix(stack, count, random) {
      for (const { name, probability, augmentation } of mixing) {
        const own = random.stream(name);
        if ('mix' in augmentation && count > 1 && own.uniform() < probability) {
          return augmentation.mix(stack, count, shape, own);
        }
      }
      return undefined;
    },
  };
}
