import { type BatchCheck, compare, notApplicable } from './diagnostic.ts';
import { plain } from './figures.ts';
import { differenceOf, outputsOf, ownOutputs } from './probing.ts';

/** AutoAttack's `check_randomized` has the same. */
const PASSES = 5;
const THRESHOLD = 1e-4;

/** The same images, other logits: a random layer is on. */
export const randomOutput: BatchCheck = {
  name: 'random-output',
  number: 12,
  figure: `largest change of the logits in ${PASSES} passes, of their length`,
  needs: 'batch',
  check(probe) {
    const { images } = probe;
    const further = Array.from({ length: PASSES - 1 }, () => outputsOf(probe, images).values);
    const passes = [ownOutputs(probe).values, ...further];
    if (!passes.every((values) => values.every(Number.isFinite)))
      return notApplicable('logits are not finite');
    const changes = passes.flatMap((a, i) =>
      passes.slice(i + 1).map((b) => differenceOf(a, b, images.shape[0])),
    );
    const largest = Math.max(...changes);
    return compare(
      largest,
      THRESHOLD,
      () =>
        `${PASSES} passes of the same images give logits that differ by ${plain(largest)} of their length.`,
    );
  },
};
