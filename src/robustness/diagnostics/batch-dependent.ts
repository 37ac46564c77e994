import { takeRows } from '../../attacks/rows.ts';
import { type BatchCheck, compare, notApplicable } from './diagnostic.ts';
import { plain } from './figures.ts';
import { differenceOf, outputsOf, ownOutputs } from './probing.ts';
import { variationOf } from './random-net.ts';

const ALONE = 3;
const THRESHOLD = 1e-4;
/** Times what two passes of the same batch differ by, where a net is random. */
const BEYOND_CHANCE = 3;

/** The same image in other company, other logits: statistics of the batch, as in training. */
export const batchDependent: BatchCheck = {
  name: 'batch-dependent',
  number: 12,
  figure: 'largest change of the logits of an image alone, of their length',
  needs: 'batch',
  check(probe) {
    const { images } = probe;
    const count = images.shape[0];
    if (count < 2) return notApplicable('there is one image');
    const together = ownOutputs(probe).values;
    if (!together.every(Number.isFinite)) return notApplicable('logits are not finite');
    const size = together.length / count;
    const changes = Array.from({ length: Math.min(ALONE, count) }, (_, i) => {
      const alone = outputsOf(probe, takeRows(images, [i])).values;
      return differenceOf(together.slice(i * size, (i + 1) * size), alone, 1);
    });
    const largest = Math.max(...changes);
    return compare(
      largest,
      Math.max(THRESHOLD, BEYOND_CHANCE * variationOf(probe)),
      () =>
        `an image alone has logits that differ by ${plain(largest)} of their length from those in a batch.`,
    );
  },
};
