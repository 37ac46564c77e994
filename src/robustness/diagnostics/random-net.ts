import type { Probe } from './diagnostic.ts';
import { differenceOf, outputsOf, ownOutputs } from './probing.ts';

/** What checks say that compare passes, of a net whose passes differ anyway. */
export const RANDOM = 'two passes of the same images differ';

/** Of the length of the logits; as in `random-output`. */
const THRESHOLD = 1e-4;

/** How far the logits of a further pass of the images of a probe are from their own, at most, of their length. */
export function variationOf(probe: Probe): number {
  const [once, again] = [ownOutputs(probe).values, outputsOf(probe, probe.images).values];
  return differenceOf(once, again, probe.images.shape[0]);
}

/** Whether a further pass gives other logits. */
export const isRandom = (probe: Probe) => variationOf(probe) > THRESHOLD;
