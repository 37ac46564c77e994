// What a run finds in its data, and keeps: division, windows, weights, what it left out.

import assert from 'node:assert/strict';
import { readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { openData } from '../../src/cli/subject.ts';
import { openDataset } from '../../src/data/create.ts';
import { subset } from '../../src/data/subset.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { changedFiles } from '../../src/train/changed-files.ts';
import { checkExperiment } from '../../src/train/check-experiment.ts';
import { readDataRecord } from '../../src/train/data-record.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { openSplits } from '../../src/train/splits.ts';
import { resume, train } from '../../src/train/train.ts';
import { colours, temporaryFolder, writeImage, writeText } from '../data/fixtures.ts';
import { classification, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));
const { robustness: _, ...plain } = classification;

/** Thirty images of ten patients in a folder, with what is to be done with them. */
async function experimentOn(context: TestContext, data: Partial<Experiment['data']>): Promise<Experiment> {
  const folder = await temporaryFolder(context);
  for (let i = 0; i < 30; i++) {
    await writeImage(join(folder, i % 3 ? 'sick' : 'healthy', `p${i % 10}-${i}.png`), colours(i));
  }
  const dataset = {
    name: 'imageFolder',
    directory: folder,
    size: [16, 16],
    patientPattern: '^(p\\d+)-',
  } as const;
  return {
    ...plain,
    epochs: 1,
    data: { batchSize: 8, dataset, split: { validation: 0.2, test: 0.2 }, ...data },
  };
}

const folderOf = ({ data }: Experiment) => (data.dataset as { directory: string }).directory;

test('a run keeps ids, windows and weights; later files change neither them nor its figures', async (context) => {
  const experiment = await experimentOn(context, {
    intensity: { name: 'percentiles' },
    classWeights: 'balanced',
  });
  const stopping = {
    name: 'stop',
    onBatchEnd: (run: { stop(reason: string): void }) => run.stop('interrupted'),
  };
  const { net, path } = await train(experiment, { directory, callbacks: [stopping] });
  net.model.dispose();
  const record = await readDataRecord(path);
  assert.ok(record?.intensity?.length === 3 && record.classWeights?.length === 2);
  const splits = await openSplits(checkExperiment(experiment), createRandom(experiment.seed), record);
  for (const name of ['train', 'validation', 'test'] as const) {
    assert.deepEqual(
      splits[name].samples.map(({ id }) => id),
      record.splits[name],
    );
  }
  await writeImage(join(folderOf(experiment), 'sick', 'p77-0.png'), colours(77));
  const later = await openData({ run: path }, checkExperiment(experiment));
  assert.deepEqual(later.record, record, 'evaluations and diagnoses are of the data as they were divided');
  const resumed = await resume(path);
  resumed.net.model.dispose();
  assert.deepEqual(await readDataRecord(path), record);
  const whole = await train(experiment, { directory });
  whole.net.model.dispose();
  assert.notDeepEqual(await readDataRecord(whole.path), record, 'a new run has the new file');
  rmSync(join(folderOf(experiment), record.splits.train[0]!));
  await assert.rejects(resume(path), (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, /of the train split is not there any more/);
    return true;
  });
});

test('files that changed since a run began are named when it goes on', async (context) => {
  const experiment = await experimentOn(context, {});
  const stopping = {
    name: 'stop',
    onBatchEnd: (run: { stop(reason: string): void }) => run.stop('interrupted'),
  };
  const { net, path } = await train(experiment, { directory, callbacks: [stopping] });
  net.model.dispose();
  const [id = ''] = (await readDataRecord(path))?.splits.train ?? [];
  const later = new Date(Date.now() + 60_000);
  const folder = folderOf(experiment);
  // Of a file of the test split, training has not to say anything.
  for (const name of [id, (await readDataRecord(path))?.splits.test[0] ?? ''])
    utimesSync(join(folder, name), later, later);
  const warnings: string[] = [];
  const options = { callbacks: [stopping], onWarning: (message: string) => warnings.push(message) };
  (await resume(path, options)).net.model.dispose();
  assert.equal(warnings.length, 1, `${warnings}`);
  assert.match(warnings[0] ?? '', /^1 file has changed since the run began: .*\.png\. It goes on/);
  assert.ok(warnings[0]?.includes(id));
});

test('a table that changed is named before the files', async (context) => {
  const folder = await temporaryFolder(context);
  for (const i of [0, 1]) await writeImage(join(folder, `${i}.png`), colours(i));
  const csv = await writeText(join(folder, 'labels.csv'), 'image_id,dx\n0,a\n1,b\n');
  const dataset = await openDataset({ name: 'imageCsv', csv, labelColumn: 'dx', size: [4, 4] });
  const later = new Date(Date.now() + 60_000);
  for (const file of [csv, join(folder, '1.png')]) utimesSync(file, later, later);
  const now = Date.now() + 1000;
  assert.deepEqual(await changedFiles([subset(dataset, [0]), subset(dataset, [0])], now), [csv]);
  assert.deepEqual(await changedFiles([dataset], now), [csv, join(folder, '1.png')]);
});

test('a bad file ends the run and is named; with skipBad it is left out, said and listed', async (context) => {
  const experiment = await experimentOn(context, {});
  const { train: part } = await openSplits(checkExperiment(experiment), createRandom(experiment.seed));
  const bad = part.samples[5]?.id ?? '';
  await writeText(join(folderOf(experiment), bad), 'no image');
  await assert.rejects(train({ ...experiment, epochs: 1 }, { directory }), (error) => {
    assert.ok(error instanceof RunError);
    assert.ok(error.message.includes(bad));
    return true;
  });
  const warnings: string[] = [];
  const data = { ...experiment.data, skipBad: true };
  const made = await train(
    { ...experiment, data },
    { directory, onWarning: (message) => warnings.push(message) },
  );
  made.net.model.dispose();
  const record = await readDataRecord(made.path);
  assert.deepEqual(
    record?.skipped?.map(({ id }) => id),
    [bad],
  );
  assert.ok(
    Object.values(record?.splits ?? {})
      .flat()
      .every((id) => id !== bad),
  );
  assert.equal(Object.values(record?.splits ?? {}).flat().length, 29);
  assert.ok(
    warnings.some((message) => /1 sample.*left out.*data\.json/.test(message) && message.includes(bad)),
  );
});

test('folds and balanced sampling train; weights that a loss does not take are refused', async (context) => {
  const experiment = await experimentOn(context, { split: { folds: 3, fold: 1 }, sampling: 'balanced' });
  const { net, path, records } = await train(experiment, { directory });
  net.model.dispose();
  assert.equal(records.length, 1);
  const { splits } = JSON.parse(readFileSync(join(path, 'data.json'), 'utf8'));
  assert.deepEqual([splits.test.length, splits.train.length + splits.validation.length], [0, 30]);
  const data = { ...experiment.data, classWeights: 'balanced' } as const;
  await assert.rejects(
    train({ ...experiment, data, loss: 'margin' }, { directory }),
    /loss margin takes no weights/,
  );
  const own = { name: 'crossEntropy', classWeights: [1, 2] } as const;
  await assert.rejects(train({ ...experiment, data, loss: own }, { directory }), /has weights of its own/);
});
