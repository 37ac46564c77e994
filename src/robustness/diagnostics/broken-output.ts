import { type BatchCheck, compare } from './diagnostic.ts';
import { percent } from './figures.ts';
import { ownOutputs } from './probing.ts';

/** No answer at all: where no image is right to begin with, nothing is attacked, and no gradient tells. */
export const brokenOutput: BatchCheck = {
  name: 'broken-output',
  number: 9,
  figure: 'share of the logits that are NaN or infinite',
  needs: 'batch',
  check(probe) {
    const { values } = ownOutputs(probe);
    const share = values.filter((value) => !Number.isFinite(value)).length / values.length;
    return compare(share, 0, () => `${percent(share)} of the logits are NaN or infinite.`);
  },
};
