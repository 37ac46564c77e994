import { UsageError } from '../errors.ts';
import { requireOption } from '../options.ts';
import { createRandom, type Random } from '../random.ts';
import { type Dataset, defineDataset, type Sample } from './dataset.ts';
import { drawOutline, drawPigments, type Malignancy } from './synthetic/lesion.ts';
import { photograph } from './synthetic/skin.ts';

/**
 * How malignant each feature looks. At difficulty 0 the two classes are far apart in every one; towards
 * 1 they draw together and scatter, so that no single feature decides.
 */
function drawMalignancy(malignant: boolean, difficulty: number, random: Random): Malignancy {
  const centre = 0.5 + (malignant ? 0.5 : -0.5) * (1 - 0.75 * difficulty);
  const feature = () => {
    const value = centre + (0.05 + 0.2 * difficulty) * random.normal();
    return Math.min(1, Math.max(0, value));
  };
  return { asymmetry: feature(), border: feature(), colour: feature() };
}

function checkOptions(count: number, size: number, difficulty: number): void {
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  requireOption('skinLesions', 'count', whole(count, 1), 'a whole number of at least 1', count);
  requireOption('skinLesions', 'size', whole(size, 16), 'a whole number of at least 16', size);
  requireOption(
    'skinLesions',
    'difficulty',
    difficulty >= 0 && difficulty <= 1,
    'a value in [0, 1]',
    difficulty,
  );
}

/**
 * Drawn skin lesions that look like dermoscopy: enough to try everything without a download, and no
 * substitute for patients.
 *
 * Classes `benign` and `malignant`, in turn, differ by asymmetry, border irregularity and variegated
 * colour; tone of the skin, hairs and light differ by image alone. With `task: 'segmentation'` the same
 * images come with the mask of the lesion. Sample i depends on seed, i, size and difficulty only.
 */
export const skinLesions = defineDataset({
  defaults: {
    count: 1500,
    /** Height and width. */
    size: 64,
    /** From 0, the classes are plainly apart, to 1, they overlap. */
    difficulty: 0.5,
    seed: 1,
    task: 'classification',
  },
  async open({ count, size, difficulty, seed, task }): Promise<Dataset> {
    checkOptions(count, size, difficulty);
    if (task !== 'classification' && task !== 'segmentation') {
      throw new UsageError(
        `Option "task" of skinLesions: expected "classification" or "segmentation", received ${JSON.stringify(task)}.`,
      );
    }
    const root = createRandom(seed, 'skinLesions');
    const labelOf = (index: number) => index % 2;
    const samples = Array.from({ length: count }, (_, index) => {
      const id = `lesion-${index}`;
      return task === 'classification' ? { id, patient: id, label: labelOf(index) } : { id, patient: id };
    });
    return {
      name: 'skinLesions',
      task,
      imageShape: [size, size, 3],
      classes: task === 'classification' ? ['benign', 'malignant'] : ['background', 'lesion'],
      samples,
      async read(index): Promise<Sample> {
        const random = root.stream(String(index));
        const malignancy = drawMalignancy(labelOf(index) === 1, difficulty, random.stream('malignancy'));
        const outline = drawOutline(size, malignancy, random.stream('outline'));
        const pigments = drawPigments(size, outline, malignancy, random.stream('pigments'));
        const pixels = photograph(size, pigments, random.stream('skin'));
        const mask = () => Int32Array.from(outline.level, (level) => (level < 0 ? 1 : 0));
        return { id: `lesion-${index}`, pixels, label: task === 'classification' ? labelOf(index) : mask() };
      },
    };
  },
});
