// Variants that other programs made of an attack; test/golden/README.md says whose.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { variantComparisons } from '../../bench/golden/variants.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { noTensorLeak } from '../support.ts';
import { openClassifier, openSegmenter } from './golden.ts';

test('ours are at least as strong', async () => {
  await useEngine('auto');
  const [classifier, segmenter] = [openClassifier(), openSegmenter()];
  await noTensorLeak(() => {
    // Carlini and Wagner's takes its time: npm run attacks-table has it.
    const all = variantComparisons(classifier, segmenter).filter(({ file }) => file !== 'cw-l2');
    assert.equal(all.length, 7);
    for (const { file, name, compare } of all) {
      const { what, found, holds } = compare();
      assert.ok(holds, `${file} ${name}: ${what}: ${found}`);
    }
  });
  classifier.dispose();
  segmenter.dispose();
});
