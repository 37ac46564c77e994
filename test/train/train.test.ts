import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { useEngine } from '../../src/engine/engine.ts';
import { RunError, UsageError } from '../../src/errors.ts';
import type { Callback, EpochRecord, Run } from '../../src/train/callback.ts';
import { checkpointedEpochs } from '../../src/train/checkpoints.ts';
import type { Experiment } from '../../src/train/experiment.ts';
import { readRecords } from '../../src/train/run-directory.ts';
import { resume, type TrainOptions, train } from '../../src/train/train.ts';
import { noTensorLeak } from '../support.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
before(() => useEngine('auto'));

async function trainOnly(experiment: Experiment, options: TrainOptions = {}) {
  const { net, ...rest } = await train(experiment, { directory, ...options });
  net.model.dispose();
  return rest;
}

async function resumeOnly(path: string, options: TrainOptions = {}) {
  const { net, ...rest } = await resume(path, options);
  net.model.dispose();
  return rest;
}

/** What two runs that are the same have the same, byte for byte. */
function outcomeOf(run: string, epoch = segmentation.epochs): Record<string, Buffer> {
  const names = ['model.json', 'weights.bin', 'optimizer.bin', 'state.json'].map(
    (name) => `epoch-000${epoch}/${name}`,
  );
  return Object.fromEntries(['metrics.jsonl', ...names].map((name) => [name, readFileSync(join(run, name))]));
}

let uninterrupted: Promise<string> | undefined;
function reference(): Promise<string> {
  uninterrupted ??= trainOnly(segmentation).then(({ path }) => path);
  return uninterrupted;
}

/** Stops the run from within, after a batch of the whole run or in the measuring after an epoch. */
const interruptAt = (place: { step?: number; measuringAfter?: number }): Callback => ({
  name: 'interrupt',
  onBatchEnd(run, { step }) {
    if (step === place.step) run.stop('interrupted');
  },
  onMeasure(run, { epoch }) {
    if (epoch === place.measuringAfter) run.stop('interrupted');
    return {};
  },
});

test('training lowers the loss, leaves its files and no tensors', async () => {
  await noTensorLeak(async () => {
    const { records, path, stopped } = await trainOnly(segmentation);
    assert.equal(stopped, undefined);
    const losses = records.map(({ measurements }) => measurements['train/loss'] as number);
    assert.ok((losses.at(-1) as number) < 0.8 * (losses[0] as number), `losses: ${losses}`);
    assert.deepEqual(
      await readRecords(path),
      records.map(({ times: _, ...record }) => record),
    );
    for (const name of ['experiment.json', 'environment.json', 'log.jsonl', 'epoch-0003']) {
      assert.ok(existsSync(join(path, name)), name);
    }
    assert.ok(!existsSync(join(path, 'lock')));
    assert.ok(readdirSync(path).some((name) => name.startsWith('events.out.tfevents.')));
  });
});

test('two runs of one seed are the same to the byte, another seed is not', async () => {
  const again = await trainOnly(segmentation);
  assert.deepEqual(outcomeOf(again.path), outcomeOf(await reference()));
  const other = await trainOnly({ ...segmentation, seed: 4, epochs: 1 });
  assert.notDeepEqual(other.records[0]?.measurements, again.records[0]?.measurements);
});

for (const [where, place] of Object.entries({
  'in the first epoch': { step: 1 },
  'in the middle of an epoch': { step: 6 },
  'after the last batch of an epoch': { step: 8 },
  'while an epoch is measured': { measuringAfter: 2 },
})) {
  test(`a run interrupted ${where} ends as if it had not been`, async () => {
    const interrupted = await trainOnly(segmentation, { callbacks: [interruptAt(place)] });
    assert.equal(interrupted.stopped, 'interrupted');
    assert.ok(interrupted.records.length < segmentation.epochs);
    assert.ok(existsSync(join(interrupted.path, 'interrupted/state.json')));
    const { stopped } = await resumeOnly(interrupted.path);
    assert.equal(stopped, undefined);
    assert.deepEqual(outcomeOf(interrupted.path), outcomeOf(await reference()));
    assert.ok(!existsSync(join(interrupted.path, 'interrupted')));
  });
}

for (const reason of ['interrupted', 'no better']) {
  test(`a run that is stopped (${reason}) when its last epoch is recorded, has ended`, async () => {
    const last = {
      name: 'last',
      onRecord: (run: Run, { epoch }: EpochRecord) => void (epoch === 3 && run.stop(reason)),
    };
    const { stopped, path } = await trainOnly(segmentation, { callbacks: [last] });
    assert.equal(stopped, undefined);
    assert.deepEqual(outcomeOf(path), outcomeOf(await reference()));
  });
}

test('a run with clipped gradients and averages of the weights resumes to the byte', async () => {
  const optimizer = {
    name: 'rmsProp',
    learningRate: 0.01,
    momentum: 0.9,
    weightDecay: 1e-4,
    clipNorm: 1,
    averageDecay: 0.9,
  } as const;
  const experiment = { ...segmentation, optimizer };
  const whole = await trainOnly(experiment);
  const { path } = await trainOnly(experiment, { callbacks: [interruptAt({ step: 6 })] });
  await resumeOnly(path);
  assert.deepEqual(outcomeOf(path), outcomeOf(whole.path));
  const { optimizer: saved } = JSON.parse(readFileSync(join(path, 'epoch-0003/state.json'), 'utf8'));
  assert.deepEqual(
    saved.slots.slice(0, 3).map(({ name }: { name: string }) => name),
    ['square', 'velocity', 'average'],
  );
});

test('a run goes on after a crash that left a torn record and no checkpoint of it', async () => {
  const { path } = await trainOnly(segmentation, { callbacks: [interruptAt({ step: 9 })] });
  rmSync(join(path, 'interrupted'), { recursive: true });
  appendFileSync(join(path, 'metrics.jsonl'), '{"epoch":3,"step":12,"measurements":{}}\n{"epo');
  await resumeOnly(path);
  assert.deepEqual(outcomeOf(path), outcomeOf(await reference()));
});

test('a damaged newest checkpoint is said, and the one before is used', async () => {
  const { path } = await trainOnly(segmentation, { callbacks: [interruptAt({ step: 9 })] });
  rmSync(join(path, 'interrupted'), { recursive: true });
  writeFileSync(join(path, 'epoch-0002/weights.bin'), 'not weights');
  const warnings: string[] = [];
  // Without the native engine its absence is a warning too.
  const onWarning = (message: string) => !message.startsWith('Engine') && warnings.push(message);
  await resumeOnly(path, { onWarning });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /epoch-0002.*weights\.bin.*earlier/);
  assert.deepEqual(outcomeOf(path), outcomeOf(await reference()));
});

test('a run whose checkpoints are all damaged is refused, and keeps its records', async () => {
  const { path } = await trainOnly(segmentation);
  for (const epoch of await checkpointedEpochs(path)) {
    writeFileSync(join(path, `epoch-000${epoch}/weights.bin`), 'not weights');
  }
  const records = readFileSync(join(path, 'metrics.jsonl'));
  await assert.rejects(resumeOnly(path), (error) => {
    assert.ok(error instanceof RunError);
    assert.match(error.message, /epoch-0003.*weights\.bin.*cannot go on.*copy/);
    return true;
  });
  assert.deepEqual(readFileSync(join(path, 'metrics.jsonl')), records);
});

test('a complete run is resumed to no effect', async () => {
  const { path } = await trainOnly(segmentation);
  const before = outcomeOf(path);
  const { records } = await resumeOnly(path);
  assert.equal(records.length, segmentation.epochs);
  assert.deepEqual(outcomeOf(path), before);
});

test('the last, the one before, and the best checkpoints are kept', async () => {
  const falling = {
    ...segmentation,
    epochs: 5,
    checkpoints: { best: 'validation/loss', better: 'higher' },
  } as const;
  const { path, records } = await trainOnly(falling);
  const losses = records.map(({ measurements }) => measurements['validation/loss'] as number);
  const worst = losses.indexOf(Math.max(...losses)) + 1;
  assert.deepEqual(await checkpointedEpochs(path), [...new Set([worst, 4, 5])].sort());
});

test('the order of callbacks: measure, record, act; records hold earlier epochs', async () => {
  const heard: string[] = [];
  const listener: Callback = {
    name: 'listener',
    onRunStart: () => void heard.push('start'),
    onBatchEnd: (_, { epoch, batch, batches }) => void heard.push(`batch ${epoch}.${batch}/${batches}`),
    onMeasure: ({ records }, { epoch }) => {
      heard.push(`measure ${epoch} after ${records.length}`);
      return { 'test/figure': epoch, 'time/figure': 1 };
    },
    onRecord: ({ records }, { epoch, measurements, times }) => {
      heard.push(
        `record ${epoch} after ${records.length}: ${measurements['test/figure']}, ${times?.['time/figure']}`,
      );
    },
    onRunEnd: () => void heard.push('end'),
  };
  const data = { ...segmentation.data, batchSize: 8 };
  await trainOnly({ ...segmentation, data, epochs: 2 }, { callbacks: [listener] });
  const epoch = (n: number) => [
    ...[0, 1].map((batch) => `batch ${n}.${batch}/2`),
    `measure ${n} after ${n - 1}`,
    `record ${n} after ${n - 1}: ${n}, 1`,
  ];
  assert.deepEqual(heard, ['start', ...epoch(1), ...epoch(2), 'end']);
});

test('a callback stops the run after the epoch, with its reason', async () => {
  const stopper: Callback = { name: 'stopper', onRecord: (run) => run.stop('enough') };
  const { records, stopped } = await trainOnly(segmentation, { callbacks: [stopper] });
  assert.deepEqual([records.length, stopped], [1, 'enough']);
});

test('a training that diverges says where, what to do and what is kept; nothing is left behind', async () => {
  await noTensorLeak(async () => {
    const wild = { ...segmentation, optimizer: { name: 'sgd', learningRate: 1e30 } } as const;
    await assert.rejects(trainOnly(wild), (error) => {
      assert.ok(error instanceof RunError);
      assert.match(error.message, /diverged in epoch 1: .*smaller optimizer\.learningRate than 1e\+30/);
      return true;
    });
  });
});

test('an error of a callback ends the run in one line, with its stack in the log', async () => {
  const broken: Callback = {
    name: 'broken',
    onRecord() {
      throw new TypeError('no such thing');
    },
  };
  await assert.rejects(trainOnly(segmentation, { callbacks: [broken] }), (error: Error) => {
    const log = /stack is in (.*log\.jsonl)/.exec(error.message)?.[1] ?? '';
    return error instanceof RunError && readFileSync(log, 'utf8').includes('TypeError: no such thing');
  });
});

test('nothing is created for an experiment that cannot be run', async () => {
  const empty = join(directory, 'empty');
  const unfit = {
    ...segmentation,
    data: { ...segmentation.data, dataset: { name: 'skinLesions', size: 16 } },
  } as const;
  await assert.rejects(
    train(unfit, { directory: empty }),
    (error) => error instanceof UsageError && /segmentation/.test(error.message),
  );
  await assert.rejects(train({ ...segmentation, epochs: 0 }, { directory: empty }), UsageError);
  assert.ok(!existsSync(empty));
});

test('a last batch of one image is left out, and an only one is not', async () => {
  const sizes: number[] = [];
  const count: Callback = { name: 'count', onBatchEnd: (_, { batches }) => void sizes.push(batches) };
  // 12 of the 24 images are for training.
  const withBatch = (batchSize: number) => ({
    ...segmentation,
    epochs: 1,
    data: { ...segmentation.data, batchSize },
  });
  await trainOnly(withBatch(11), { callbacks: [count] });
  await trainOnly(withBatch(12), { callbacks: [count] });
  assert.deepEqual(sizes, [1, 1]);
});

test('a net whose logits leave out the border is refused before anything is created', async () => {
  const runs = join(directory, 'border');
  const data = { ...segmentation.data, dataset: { ...segmentation.data.dataset, size: 20 } };
  const valid = (padInput: boolean): Experiment => {
    const net = { name: 'unet', depth: 1, filters: 2, padding: 'valid', padInput } as const;
    return { ...segmentation, epochs: 1, data, net };
  };
  await noTensorLeak(() =>
    assert.rejects(train(valid(false), { directory: runs }), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /unet: expected logits of the whole image, 20 × 20, .* 4 × 4\..*padInput: true/,
      );
      return true;
    }),
  );
  assert.ok(!existsSync(runs));
  assert.equal((await trainOnly(valid(true))).records.length, 1);
});

test('class weights for another number of classes are refused before anything is created', async () => {
  const runs = join(temporaryDirectory(), 'runs');
  const loss = { name: 'diceCrossEntropy', classWeights: [1, 2, 3] } as const;
  await assert.rejects(train({ ...segmentation, loss }, { directory: runs }), {
    name: 'UsageError',
    message: /"classWeights" of diceCrossEntropy: expected a number for each of the 2 classes, received 3/,
  });
  assert.equal(existsSync(runs), false);
});
