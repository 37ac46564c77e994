// Numbers of reference implementations, with their provenance in README.md beside this file.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

export interface GoldenTensor {
  readonly shape: number[];
  readonly data: number[];
}

/** Reads `test/golden/<name>.json.gz`; `T` is what its README says it holds. */
export function loadGolden<T>(name: string): T {
  const file = new URL(`./${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as T;
}

/** The caller disposes. */
export function toTensor({ shape, data }: GoldenTensor, dtype: 'float32' | 'int32' = 'float32'): tf.Tensor {
  return tf.tensor(data, shape, dtype);
}
