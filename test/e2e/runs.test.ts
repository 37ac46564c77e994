import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { runCommand } from '../../src/cli/commands.ts';
import { temporaryDirectory } from '../train/support.ts';
import { medrobust, tinyFile } from './command.ts';

const root = temporaryDirectory();
/** The run that nothing disturbed. */
let whole: string;

function train(name: string, ...words: string[]) {
  return ['train', tinyFile, '--directory', join(root, name), ...words];
}

function runIn(name: string): string {
  const parent = join(root, name, 'tiny');
  const runs = readdirSync(parent);
  assert.equal(runs.length, 1, `runs in ${parent}`);
  return join(parent, runs[0] as string);
}

function outcomeOf(run: string): Record<string, Buffer> {
  const names = ['model.json', 'weights.bin', 'optimizer.bin', 'state.json'].map(
    (name) => `epoch-0004/${name}`,
  );
  return Object.fromEntries(['metrics.jsonl', ...names].map((name) => [name, readFileSync(join(run, name))]));
}

before(async () => {
  const { code, stdout, stderr } = await medrobust(train('whole'));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^epoch 4\/4 .*area under fgsm .* pgd .* worst/m);
  assert.match(stdout, /^Done: 4 epochs/m);
  whole = runIn('whole');
});

test('a run leaves all that it should, and its loss falls', () => {
  const records = readFileSync(join(whole, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const losses = records.map(({ measurements }) => measurements['train/loss']);
  assert.ok(losses.at(-1) < losses[0], `losses: ${losses}`);
  for (const { epoch, measurements } of records) {
    const attacked = 'robustness/worst/linf/auc' in measurements;
    assert.equal(attacked, epoch % 2 === 0, `epoch ${epoch}`);
    for (const name of [
      'corruption/blur/5',
      'corruption/mean',
      'control/gaussianNoise/linf/0.0314',
      'outliers/energy',
    ])
      assert.equal(name in measurements, attacked, name);
    assert.ok(!Object.keys(measurements).some((name) => name.startsWith('time/')));
    if (!attacked) continue;
    for (const attack of ['fgsm', 'pgd']) {
      assert.ok(
        measurements[`robustness/${attack}/linf/0.0314`] <= measurements[`robustness/${attack}/linf/0.0000`],
      );
      assert.ok(measurements['robustness/worst/linf/auc'] <= measurements[`robustness/${attack}/linf/auc`]);
    }
  }
  const files = ['experiment.json', 'environment.json', 'log.jsonl', 'curves/epoch-0004.json'];
  for (const file of [...files, 'images/epoch-0004-curves.png', 'images/epoch-0004-examples.png']) {
    assert.ok(existsSync(join(whole, file)), file);
  }
  const { engine, threads } = JSON.parse(readFileSync(join(whole, 'environment.json'), 'utf8'));
  assert.ok(typeof engine === 'string' && Number.isInteger(threads));
});

test('a run killed in the middle of an epoch ends, resumed, as if it had not been', async () => {
  const killed = await medrobust(train('killed'), (stdout, child) => {
    if (/^epoch 2\/4/m.test(stdout)) child.kill('SIGKILL');
  });
  assert.equal(killed.signal, 'SIGKILL');
  const run = runIn('killed');
  assert.ok(existsSync(join(run, 'lock')), 'it was killed while it held the run');
  const resumed = await medrobust(train('killed', '--resume'));
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(outcomeOf(run), outcomeOf(whole));
});

test('a run that is complete says so when it is resumed', async () => {
  const { code, stdout, stderr } = await medrobust(train('whole', '--resume'));
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Nothing was left to do: it has its 4 epochs\./m);
});

const signals = { SIGINT: 130, SIGTERM: 143 } as const;

for (const [signal, exitCode] of Object.entries(signals)) {
  test(`a run that hears ${signal} saves, exits with ${exitCode}, says how to go on, and ends the same`, async () => {
    const interrupted = await medrobust(train(signal), (stdout, child) => {
      if (/^epoch 1\/4/m.test(stdout) && !child.killed) child.kill(signal as keyof typeof signals);
    });
    assert.equal(interrupted.code, exitCode, interrupted.stderr);
    const run = runIn(signal);
    assert.ok(!existsSync(join(run, 'lock')));
    const command = /Go on with: medrobust (.*)$/m.exec(interrupted.stdout)?.[1] ?? '';
    const resumed = await medrobust(command.split(' '));
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.deepEqual(outcomeOf(run), outcomeOf(whole));
  });
}

test('two processes do not work on one run', async () => {
  const second: Promise<Awaited<ReturnType<typeof medrobust>>>[] = [];
  const first = await medrobust(train('shared', '--set', 'epochs=40'), (stdout, child) => {
    if (second.length > 0 || !/^epoch 1\/40/m.test(stdout)) return;
    second.push(medrobust(train('shared', '--resume')));
    void second[0]?.finally(() => child.kill('SIGTERM'));
  });
  const { code, stderr } = await (second[0] as (typeof second)[0]);
  assert.equal(code, 2);
  assert.match(stderr, /in use by process \d+/);
  assert.equal(first.code, 143, 'the first goes on until it is stopped');
});

test('a trained net is evaluated, with a table, JSON and a picture', async () => {
  const words = [
    'evaluate',
    whole,
    '--split',
    'test',
    '--attacks',
    'fgsm,gaussianNoise',
    '--epsilons',
    '0,8/255',
    '--corruptions',
    'all',
    '--noise',
    'ricianNoise',
  ];
  const { code, stdout, stderr } = await medrobust(words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /tiny: unet on 12 images of the test split/);
  assert.match(stdout, /epsilon +fgsm +gaussianNoise +worst/);
  assert.match(stdout, /8\/255 +\d\.\d{3} \(/);
  assert.match(stdout, /^ {2}jpeg( +\d\.\d{3}){5}$/m);
  assert.match(stdout, /epsilon +SSIM +ricianNoise/);
  assert.match(stdout, /6 images of another kind/);
  const evaluation = JSON.parse(readFileSync(join(whole, 'evaluations/test-best.json'), 'utf8'));
  assert.equal(evaluation.robustness.worst.points.length, 2);
  assert.ok(existsSync(join(whole, 'evaluations/test-best.png')));
});

test('an evaluation keeps to a time, and says of how many images it is', async () => {
  const words = ['evaluate', whole, '--split', 'test', '--attacks', 'fgsm,pgd', '--epsilons', '0,8/255'];
  // The size of batches is nothing of the data.
  const batches = ['--set', 'data.batchSize=4'];
  const measured = await medrobust([
    ...[...words, ...batches],
    ...['--seconds', '0.000001', '--quantise', '8', '--unseen'],
  ]);
  assert.equal(measured.code, 0, measured.stderr);
  assert.match(measured.stdout, /of 4 images under attack \(linf\), stored with 8 bits/);
  assert.match(measured.stdout, /^ {2}partial-curve: 4 of 12 images/m);
  assert.match(measured.stdout, /^ {2}attack +area +unseen up to$/m);
  assert.match(measured.stdout, /^ {2}epsilon +images +SSIM +PSNR +l2 +linf$/m);
  const { robustness } = JSON.parse(readFileSync(join(whole, 'evaluations/test-best.json'), 'utf8'));
  assert.equal(robustness.worst.images, 4);
  assert.deepEqual(
    robustness.worst.classes.map((one: { class: string }) => one.class),
    ['background', 'lesion'],
  );
  const all = await medrobust([...words, '--seconds', '600']);
  assert.match(all.stdout, /of 12 images under attack/);
  assert.doesNotMatch(all.stdout, /partial-curve/);
  await assert.rejects(runCommand([...words, '--seconds', '0']), /--seconds: expected a number above 0/);
});

test('a model.json of a run evaluates as its checkpoint does, and one from elsewhere needs an experiment', async () => {
  const file = join(whole, 'epoch-0004/model.json');
  const elsewhere = join(root, 'elsewhere');
  mkdirSync(elsewhere);
  for (const name of ['model.json', 'weights.bin']) {
    writeFileSync(join(elsewhere, name), readFileSync(join(whole, 'epoch-0004', name)));
  }
  const model = join(elsewhere, 'model.json');
  await assert.rejects(runCommand(['evaluate', model]), /--experiment/);
  const [inRun, moved] = await Promise.all([
    medrobust(['evaluate', file]),
    medrobust(['evaluate', model, '--experiment', tinyFile]),
  ]);
  assert.equal(inRun.code, 0, inRun.stderr);
  assert.equal(moved.code, 0, moved.stderr);
  const table = (text: string) => text.slice(0, text.indexOf('\nWritten'));
  assert.equal(table(moved.stdout), table(inRun.stdout));
});

test('attacks are made on the net of another checkpoint, too, with --transfer', async () => {
  const file = (epoch: number) => join(whole, `epoch-000${epoch}/model.json`);
  const words = ['--attacks', 'fgsm', '--epsilons', '0,8/255'];
  const measured = await medrobust(['evaluate', file(4), ...words, '--transfer', file(4)]);
  assert.equal(measured.code, 0, measured.stderr);
  assert.match(measured.stdout, /epsilon +fgsm +transfer-fgsm +worst/);
  const { curves } = JSON.parse(readFileSync(join(whole, 'evaluations/test-4.json'), 'utf8')).robustness;
  assert.deepEqual(curves[1].points, curves[0].points, 'made on the net itself, the attack is the same');
});

/** The bytes of the TensorBoard files of a directory, as text. */
function eventsIn(directory: string): string {
  const files = readdirSync(directory).filter((name) => name.includes('tfevents'));
  return files.map((name) => readFileSync(join(directory, name)).toString('latin1')).join('');
}

test('a trained net is diagnosed: a line for each check, JSON, log and TensorBoard text', async () => {
  const { code, stdout, stderr } = await medrobust(['diagnose', whole, '--checkpoint', '4', '--images', '6']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^tiny: unet on 6 images of the test split, linf epsilon 8\/255, attack pgd$/m);
  assert.match(stdout, /^ 2 {2}unbounded-survives .*(passed|RAISED) +-?\d/m);
  assert.match(stdout, /^ 6 {2}square-wins +not applicable +the square attack is for classification$/m);
  assert.match(stdout, /^12 {2}random-output +passed +0 +0\.0001 /m);
  assert.match(stdout, /^16 {2}incomplete-record +passed /m);
  assert.match(stdout, /^Written: .*diagnoses\/test-4\.json$/m);
  const diagnosis = JSON.parse(readFileSync(join(whole, 'diagnoses/test-4.json'), 'utf8'));
  const numbers = diagnosis.checks.map(({ number }: { number: number }) => number);
  assert.deepEqual(
    [...new Set(numbers)],
    Array.from({ length: 17 }, (_, i) => i + 1),
  );
  assert.equal(diagnosis.gradientLengths.length, 11);
  const log = readFileSync(join(whole, 'log.jsonl'), 'utf8');
  for (const flag of diagnosis.flags) assert.ok(log.includes(JSON.stringify(flag).slice(1, -1)), flag);
  assert.ok(eventsIn(join(whole, 'diagnoses')).includes('diagnosis/test-4'));
  const inOtherNorm = ['--norm', 'l2', '--epsilon', '1'];
  await runCommand(['diagnose', whole, '--checkpoint', '4', '--images', '2', ...inOtherNorm]);
  const read = (name: string) => JSON.parse(readFileSync(join(whole, 'diagnoses', name), 'utf8'));
  assert.deepEqual([read('test-4.json').norm, read('test-4-l2.json').norm], ['linf', 'l2']);
});

test('what cannot be diagnosed is refused in one line', async () => {
  const mistakes: readonly [string[], RegExp][] = [
    [[whole, '--checkpoint', '9'], /keeps no checkpoint of epoch 9\. It keeps: \d/],
    [[whole, '--checkpoint', 'first'], /--checkpoint: expected best, last or the number of an epoch/],
    [[whole, '--epsilon', '0'], /--epsilon: expected a number above 0 in linf, received 0/],
    [[whole, '--epsilon', '8'], /Epsilon in linf: expected a number from 0 to 1, received 8/],
    [[whole, '--norm', 'l2'], /--epsilon: expected a number above 0 in l2, received none/],
  ];
  for (const [words, message] of mistakes) await assert.rejects(runCommand(['diagnose', ...words]), message);
});

test('the curves of an epoch hold what the checks found, and metrics.jsonl how many flags there are', () => {
  const { curves, flags, checks } = JSON.parse(readFileSync(join(whole, 'curves/epoch-0004.json'), 'utf8'));
  const all = [...flags, ...curves.flatMap((curve: { flags: string[] }) => curve.flags)];
  const raised = checks.filter(({ verdict }: { verdict: string }) => verdict === 'raised');
  assert.equal(raised.length, all.length);
  assert.ok(checks.some(({ name }: { name: string }) => name === 'wrong-gradients'));
  const records = readFileSync(join(whole, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  assert.equal(JSON.parse(records[3] ?? '').measurements['robustness/flags'], all.length);
  assert.ok(eventsIn(whole).includes('robustness/flags'));
});
