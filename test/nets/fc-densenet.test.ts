import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as tf from '@tensorflow/tfjs';
import { createNet } from '../../src/nets/create.ts';
import type { NetShape } from '../../src/nets/net.ts';
import { loadGolden } from '../golden/load.ts';
import { choiceOf } from './configurations/fc-densenet.ts';
import type { Row } from './configurations/row.ts';
import { zeros } from './zeros.ts';

/** What enters a block and what is made in it, stacked: an FC-DenseNet hands on the latter only. */
function stacked(model: tf.LayersModel, block: string): number[] {
  const layers = model.layers.filter(({ name }) => name.startsWith(`${block}.`));
  const [entering, made] = [layers[0]!.input, layers.at(-1)!.output] as tf.SymbolicTensor[];
  const [, height, width, channels] = entering!.shape as number[];
  return [height!, width!, channels! + (made!.shape[3] as number)];
}

test('the blocks of FC-DenseNets see and make as many channels as published', () => {
  const { entries } = loadGolden<{ entries: Row[] }>('nets/open');
  const blocks = { bottleneck: 'bottleneck', db_up1: 'up5', db_up2: 'up4', db_up3: 'up3', db_up4: 'up2' };
  const rows = entries.filter(({ name }) => name.startsWith('fc_densenet'));
  assert.ok(rows.length > 0);
  for (const row of rows) {
    const imageShape = row.inputShape as NetShape['imageShape'];
    const shape: NetShape = { task: 'segmentation', imageShape, classes: row.classes };
    const { model } = createNet(choiceOf(row)!.choice, shape, zeros);
    for (const [theirs, ours] of Object.entries(blocks)) {
      assert.deepEqual(stacked(model, ours), row.stage_shapes[theirs], `${row.name} ${theirs}`);
    }
    model.dispose();
  }
});
