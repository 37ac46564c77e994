// Whole runs against attacks: that a pause changes nothing.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import type { Callback } from '../../src/train/callback.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { resume, train } from '../../src/train/train.ts';
import { noTensorLeak } from '../support.ts';
import { defended } from './defended.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

const classification = {
  ...segmentation,
  data: { ...segmentation.data, dataset: { name: 'skinLesions', count: 24, size: 16, difficulty: 0 } },
  net: { name: 'cifarResnet', filters: 2, stageDepths: [1, 1, 1] },
  loss: 'crossEntropy',
  metrics: ['accuracy'],
} satisfies Experiment;

function bytesOf(path: string): Buffer[] {
  const files = ['model.json', 'weights.bin', 'optimizer.bin', 'state.json'].map(
    (name) => `epoch-0002/${name}`,
  );
  return ['metrics.jsonl', ...files].map((name) => readFileSync(join(path, name)));
}

/** Stops in the middle of the second epoch. */
const interrupt: Callback = {
  name: 'interrupt',
  onBatchEnd(run, { epoch, batch }) {
    if (epoch === 2 && batch === 1) run.stop('interrupted');
  },
};

// Each in one task: the other differs in its loss alone.
const each = defended.filter(({ choice, task }) => (choice.name === 'segPgd') === (task === 'segmentation'));

for (const { what, choice, task } of each) {
  test(`${what}: a run that was interrupted ends as if it had not been`, () =>
    noTensorLeak(async () => {
      const base = task === 'classification' ? classification : segmentation;
      const defence = { ...choice, warmUp: 1.5 };
      const experiment: Experiment = { ...base, epochs: 2, defence };
      const whole = await train(experiment, { directory });
      whole.net.model.dispose();
      const first = await train(experiment, { directory, callbacks: [interrupt] });
      first.net.model.dispose();
      assert.equal(first.stopped, 'interrupted');
      const second = await resume(first.path);
      second.net.model.dispose();
      assert.deepEqual(bytesOf(first.path), bytesOf(whole.path));
      const { step, measurements } = whole.records[1]!;
      assert.equal(step, 8 * ('replays' in choice ? (choice.replays as number) : 1));
      assert.equal('defence/pgd' in measurements, choice.name === 'fast' || choice.name === 'free');
    }));
}
