import { takeRows } from '../../attacks/rows.ts';
import { type BatchCheck, compare, notApplicable } from './diagnostic.ts';
import { plain } from './figures.ts';
import { differenceOf, outputsOf } from './probing.ts';

/** AutoAttack's `check_randomized` has the same. */
const PASSES = 5;
const THRESHOLD = 1e-4;

/** The same image, other logits: a random layer is on. One image tells, as the layer is random for all. */
export const randomOutput: BatchCheck = {
  name: 'random-output',
  number: 12,
  figure: `largest change of the logits of an image in ${PASSES} passes, of their length`,
  needs: 'batch',
  check(probe) {
    const image = takeRows(probe.images, [0]);
    const passes = Array.from({ length: PASSES }, () => outputsOf(probe, image).values);
    if (!passes.every((values) => values.every(Number.isFinite)))
      return notApplicable('logits are not finite');
    const changes = passes.flatMap((a, i) => passes.slice(i + 1).map((b) => differenceOf(a, b, 1)));
    const largest = Math.max(...changes);
    return compare(
      largest,
      THRESHOLD,
      () =>
        `${PASSES} passes of the same image give logits that differ by ${plain(largest)} of their length.`,
    );
  },
};
