// Filters that do not change as long as they live, such as those of a net that is attacked or evaluated. An engine may
// keep copies of them in layouts of its own.

import type * as tf from '@tensorflow/tfjs';

type Make = () => Float32Array;

const kept = new WeakMap<object, Make>();

/**
 * Declares that nothing will ever write into this filter. `make` gives its values once more: an engine that has copies
 * may let go of them. Copies end with the filter, when it is disposed of.
 */
export function keepFilter<T extends tf.Tensor>(filter: T, make: Make): T {
  kept.set(filter.dataId, make);
  return filter;
}

/** How the values of a kept filter are made; undefined for any other tensor. */
export function keptFilter(dataId: object): Make | undefined {
  return kept.get(dataId);
}
