import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeChoice } from '../../src/nets/describe.ts';
import { loadGolden } from '../golden/load.ts';
import { choiceOf } from './configurations/fc-densenet.ts';
import type { Row } from './configurations/row.ts';

/** Of the blocks whose input is not handed on: what leads to them, and their names in the published counts. */
const blocks = [
  ['transitionDown5', 'bottleneck', 'bottleneck'],
  ['transitionUp5', 'up5', 'db_up1'],
  ['transitionUp4', 'up4', 'db_up2'],
  ['transitionUp3', 'up3', 'db_up3'],
  ['transitionUp2', 'up2', 'db_up4'],
] as const;

test('the blocks of FC-DenseNets see and make as many channels as published', () => {
  const { entries } = loadGolden<{ entries: Row[] }>('nets/open');
  const rows = entries.filter(({ name }) => name.startsWith('fc_densenet'));
  assert.ok(rows.length > 0);
  for (const row of rows) {
    const { stages } = describeChoice(choiceOf(row)!.choice, row.inputShape, row.classes);
    const shapes = new Map(stages.map(({ name, shape }) => [name, shape]));
    for (const [before, block, theirs] of blocks) {
      const [entering, made] = [shapes.get(before)!, shapes.get(block)!];
      const stacked = [made[0], made[1], entering[2]! + made[2]!];
      assert.deepEqual(stacked, row.stage_shapes[theirs], `${row.name} ${theirs}`);
    }
  }
});
