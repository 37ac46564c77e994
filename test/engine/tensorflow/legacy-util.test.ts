import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { restoreLegacyUtil } from '../../../src/engine/tensorflow/legacy-util.ts';

// As tfjs-node, a CommonJS package, sees it.
const util = createRequire(import.meta.url)('util') as Record<string, unknown>;

type Test = (value: unknown) => boolean;

it('gives back what newer versions of Node lack', () => {
  const { isArray, isNullOrUndefined } = util;
  try {
    delete util.isArray;
    delete util.isNullOrUndefined;
    restoreLegacyUtil();
    const values = [[], [1], null, undefined, 0, '', { length: 1 }, new Float32Array(1)];
    assert.deepEqual(values.map(util.isArray as Test), [true, true, ...new Array(6).fill(false)]);
    const missing = values.map(util.isNullOrUndefined as Test);
    assert.deepEqual(missing, [false, false, true, true, false, false, false, false]);
  } finally {
    Object.assign(util, { isArray, isNullOrUndefined });
  }
});

it('leaves alone what Node has', () => {
  const { isArray } = util;
  try {
    const own = () => true;
    util.isArray = own;
    restoreLegacyUtil();
    assert.equal(util.isArray, own);
  } finally {
    util.isArray = isArray;
  }
});
