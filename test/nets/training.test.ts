// Every net of the registry learns something in thirty steps: its loss on drawn lesions falls.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { firstSetting, trainBriefly } from '../../bench/train-briefly.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { type NetChoice, resolveNet } from '../../src/nets/create.ts';
import { noTensorLeak } from '../support.ts';
import { tinies } from './tinies.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** With the stem for small images first, where the net has one. */
function withSmallStem(choice: NetChoice): NetChoice[] {
  const { defaults } = resolveNet(choice).definition;
  return Object.hasOwn(defaults, 'stem') ? [{ ...choice, stem: 'small' } as NetChoice, choice] : [choice];
}

describe('in thirty steps', () => {
  before(() => useEngine('auto'));

  for (const [name, [tiny]] of Object.entries(tinies)) {
    test(`the loss of ${name} falls`, async () => {
      await noTensorLeak(async () => {
        // At 16 × 16, the last maps of some have a single pixel, of which a batch says little.
        const setting = firstSetting(withSmallStem(tiny!.choice), [32, 48, 64, 96, 128]);
        const { losses } = await trainBriefly(setting);
        assert.equal(losses.length, 30);
        // Over all four batches, before the first steps and after the last.
        const [start, end] = [mean(losses.slice(0, 4)), mean(losses.slice(-4))];
        assert.ok(end < 0.95 * start, `from ${start} to ${end}`);
      });
    });
  }
});
