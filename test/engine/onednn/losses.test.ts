// Twenty steps of Adam on onednn and on cpu: rounding moves the losses of small nets by less than 1e-4.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { firstSetting, trainBriefly } from '../../../bench/train-briefly.ts';
import { useEngine } from '../../../src/engine/engine.ts';
import type { NetChoice } from '../../../src/nets/create.ts';
import { describeNative } from './support.ts';

const choices: NetChoice[] = [
  { name: 'resnet', depth: 18, stem: 'small', filters: 4 },
  { name: 'unet', depth: 2, filters: 4 },
];

describeNative('the losses of twenty steps', () => {
  after(() => useEngine('onednn'));

  for (const choice of choices) {
    it(`of ${choice.name} are those of cpu`, async () => {
      const setting = firstSetting([choice], [16]);
      const lossesOn = async (engine: 'cpu' | 'onednn') => {
        await useEngine(engine);
        return (await trainBriefly(setting, { steps: 20, learningRate: 0.001 })).losses;
      };
      const [ours, theirs] = [await lossesOn('onednn'), await lossesOn('cpu')];
      assert.equal(ours.length, 20);
      for (const [step, loss] of theirs.entries()) {
        const difference = Math.abs(ours[step]! - loss) / Math.abs(loss);
        assert.ok(difference < 1e-4, `step ${step + 1}: ${ours[step]} on onednn, ${loss} on cpu`);
      }
    });
  }
});
