// Losses of defences against PyTorch; test/golden/README.md says how the numbers were made.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { lossOf } from '../../src/losses/create.ts';
import { mart } from '../../src/train/defences/mart.ts';
import { trades } from '../../src/train/defences/trades.ts';
import { type GoldenTensor, loadGolden, toTensor } from '../golden/load.ts';
import { assertClose, noTensorLeak, relativeToMaximum } from '../support.ts';

before(() => useEngine('auto'));

interface Stored {
  readonly value: GoldenTensor;
  readonly cleanGradient: GoldenTensor;
  readonly attackedGradient: GoldenTensor;
}
interface Case {
  readonly name: string;
  readonly beta: number;
  readonly clean: GoldenTensor;
  readonly attacked: GoldenTensor;
  readonly labels: GoldenTensor;
  readonly cotangent: GoldenTensor;
  readonly trades: Stored;
  readonly mart: Stored;
  readonly martCode?: GoldenTensor;
}

const { cases } = loadGolden<{ cases: Case[] }>('train/defences');
const loss = lossOf('crossEntropy');

for (const [name, definition] of Object.entries({ trades, mart })) {
  for (const stored of cases) {
    const options = { ...definition.defaults, beta: stored.beta };
    const lossesOf = (clean: tf.Tensor, attacked: tf.Tensor, labels: tf.Tensor) => {
      assert.ok(definition.attack && definition.lowers);
      return definition.lowers({ clean, attacked }, labels, loss, options);
    };

    test(`${name}, ${stored.name}: values and gradients are PyTorch's`, () =>
      noTensorLeak(() => {
        tf.tidy(() => {
          const { value, cleanGradient, attackedGradient } = stored[name as 'trades' | 'mart'];
          const labels = toTensor(stored.labels, 'int32');
          const cotangent = toTensor(stored.cotangent);
          const logits = [toTensor(stored.clean), toTensor(stored.attacked)];
          const found = lossesOf(logits[0]!, logits[1]!, labels);
          assert.ok(relativeToMaximum(found.dataSync(), value.data) <= 1e-5);
          const gradients = tf.grads((clean, attacked) =>
            lossesOf(clean!, attacked!, labels).mul(cotangent).sum(),
          )(logits);
          for (const [i, expected] of [cleanGradient, attackedGradient].entries()) {
            const off = relativeToMaximum(gradients[i]!.dataSync(), expected.data);
            assert.ok(off <= 1e-5, `gradient ${i} is off by ${off}`);
          }
        });
      }));
  }
}

test("mart is its authors' code but for their constants, where no probability is near 1", () => {
  for (const { martCode, mart: stored, name } of cases) {
    if (!martCode || name === 'confident') continue;
    assertClose(stored.value.data, martCode.data, { relative: 5e-3 });
  }
});
