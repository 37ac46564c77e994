// Filters that do not change as long as they live, such as those of a net that is attacked or evaluated. An engine may
// keep copies of them in layouts of its own.

import type * as tf from '@tensorflow/tfjs';

const kept = new WeakSet<object>();

/** Declares that nothing will ever write into this filter. Its copies end with it, when it is disposed of. */
export function keepFilter<T extends tf.Tensor>(filter: T): T {
  kept.add(filter.dataId);
  return filter;
}

export function isKeptFilter(dataId: object): boolean {
  return kept.has(dataId);
}
