// The runs of script/study can be made: their nets are there, take its images and give its classes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chooseExperiment } from '../../src/cli/choose-experiment.ts';
import { createNet } from '../../src/nets/create.ts';
import { createRandom } from '../../src/random.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';

const script = readFileSync(fileURLToPath(new URL('../../script/study', import.meta.url)), 'utf8');
const shapes = {
  lesions: { task: 'classification', imageShape: [112, 112, 3], classes: 3 },
  hippocampus: { task: 'segmentation', imageShape: [48, 56, 1], classes: 3 },
} as const;
const runs = [...script.replaceAll('\\\n', ' ').matchAll(/^ {2}(lesions|hippocampus) (--set .*)$/gm)];

test('it has four nets for lesions and three for the hippocampus', () => {
  assert.deepEqual(runs.map(([, family]) => family).sort(), [
    ...Array(3).fill('hippocampus'),
    ...Array(4).fill('lesions'),
  ]);
});

test('within a family nothing but the net differs', async () => {
  for (const family of Object.keys(shapes)) {
    const own = runs.filter(([, name]) => name === family);
    const all = await Promise.all(
      own.map(async ([, , words = '']) => {
        const set = [...words.matchAll(/--set (\S+)/g)].map(([, assignment = '']) => assignment);
        assert.ok(
          set.every((assignment) => assignment.startsWith('net')),
          `${set}`,
        );
        return checkExperiment(await chooseExperiment(`study-${family}`, set));
      }),
    );
    assert.equal(new Set(all.map(({ net }) => net.name)).size, all.length);
    assert.equal(new Set(all.map(({ net, ...rest }) => JSON.stringify(rest))).size, 1);
    for (const { net } of all) {
      const { model } = createNet(net, shapes[family as keyof typeof shapes], createRandom(1));
      assert.deepEqual(model.outputs[0]?.shape.at(-1), 3, net.name);
      model.dispose();
    }
  }
});
