import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import sharp from 'sharp';
import { summaryFileWriter } from '../../src/summary/writer.ts';
import { noTensorLeak } from '../support.ts';
import { decodeRecords, eventFiles, readEvents } from './decode.ts';

const root = mkdtempSync(join(tmpdir(), 'medrobust-summary-'));
after(() => rmSync(root, { recursive: true }));
let directories = 0;
const newDirectory = () => join(root, `${directories++}`, 'run');

const grey = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .png()
    .toBuffer();

test('every kind of summary can be read back', async () => {
  const directory = newDirectory();
  const pngs = [await grey(5, 3), await grey(5, 3)];
  const before = Date.now() / 1000;
  await noTensorLeak(() => {
    const writer = summaryFileWriter(directory);
    writer.customScalars([{ title: 'robustness', charts: [{ title: 'fgsm', tags: ['robustness/fgsm'] }] }]);
    writer.text('experiment', '# é', 0);
    writer.scalar('train/loss', 0.5, 7, 'of the batch');
    const [value, weights] = [tf.scalar(3), tf.tensor2d([1, 2, 3, 4], [2, 2])];
    writer.scalar('train/tensor', value, 7);
    writer.histogram('weights', weights, 7);
    writer.histogram('flags', new Uint8Array([1, 0, 1]), 7, 2);
    tf.dispose([value, weights]);
    writer.image('one', pngs[0] as Buffer, 7);
    writer.image('two', pngs, 8);
    writer.close();
  });
  const [path] = eventFiles(directory);
  const [version, layout, text, start, loss, tensor, weights, flags, one, two, ...more] = readEvents(
    path as string,
  );
  assert.equal(more.length, 0);
  assert.equal(version?.fileVersion, 'brain.Event:2');
  assert.ok((version?.wallTime as number) >= before && (version?.wallTime as number) <= Date.now() / 1000);
  assert.equal(layout?.tag, 'custom_scalars__config__');
  assert.equal(layout?.strings?.length, 1);
  assert.equal(text?.strings?.[0]?.toString(), '# é');
  assert.deepEqual([start?.sessionStatus, start?.step], [1, 7]);
  assert.deepEqual([loss?.step, loss?.plugin, loss?.dataClass], [7, 'scalars', 1]);
  assert.equal(loss?.description, 'of the batch');
  assert.equal(loss?.content?.readFloatLE(), 0.5);
  assert.equal(tensor?.content?.readFloatLE(), 3);
  assert.deepEqual([weights?.shape, weights?.dataClass], [[30, 3], 2]);
  assert.deepEqual([flags?.shape, flags?.content?.readDoubleLE(16)], [[2, 3], 1]);
  assert.deepEqual([one?.shape, one?.dataClass], [[3], 3]);
  assert.deepEqual(one?.strings, [Buffer.from('5'), Buffer.from('3'), pngs[0]]);
  assert.deepEqual([two?.shape, two?.strings?.length, two?.step], [[4], 4, 8]);
});

test('each session has a file of its own, named after those before it', () => {
  const directory = newDirectory();
  for (let session = 0; session < 3; session++) {
    const writer = summaryFileWriter(directory);
    writer.scalar('loss', session, session * 10);
    writer.close();
  }
  const files = eventFiles(directory);
  assert.equal(files.length, 3);
  for (const [session, path] of files.entries()) {
    assert.match(basename(path), /^events\.out\.tfevents\.\d{10}\.[\w.-]+\.\d+\.\d+\.v2$/);
    const [, start, loss] = readEvents(path);
    assert.deepEqual([start?.sessionStatus, start?.step], [1, session * 10]);
    assert.equal(loss?.content?.readFloatLE(), session);
  }
});

test('a session sorts after one from a clock that was ahead', () => {
  const directory = newDirectory();
  summaryFileWriter(directory).close();
  writeFileSync(join(directory, 'events.out.tfevents.4000000000.other.1.0.v2'), '');
  summaryFileWriter(directory).close();
  assert.match(basename(eventFiles(directory)[2] as string), /tfevents\.4000000001\./);
});

test('events wait for a full queue, the timer or a flush', async () => {
  const size = (directory: string) => statSync(eventFiles(directory)[0] as string).size;
  const [queued, timed] = [newDirectory(), newDirectory()];
  const writer = summaryFileWriter(queued, 4);
  writer.scalar('loss', 1, 1);
  assert.equal(size(queued), 0, 'version, session start and one scalar wait');
  writer.scalar('loss', 1, 2);
  assert.equal(decodeRecords(readFileSync(eventFiles(queued)[0] as string)).length, 4);
  writer.scalar('loss', 1, 3);
  writer.flush();
  assert.equal(decodeRecords(readFileSync(eventFiles(queued)[0] as string)).length, 5);
  writer.close();

  const withTimer = summaryFileWriter(timed, 100, 1);
  while (size(timed) === 0) await sleep(5);
  withTimer.close();
});

test('closing twice is one closing; writing afterwards is an error', () => {
  const directory = newDirectory();
  const writer = summaryFileWriter(directory);
  writer.scalar('loss', 1, 1);
  writer.close();
  writer.close();
  writer.flush();
  assert.throws(() => writer.scalar('loss', 1, 2), { name: 'UsageError', message: /closed/ });
  assert.equal(readEvents(eventFiles(directory)[0] as string).length, 3);
});

test('a refused value leaves nothing in the file', () => {
  const directory = newDirectory();
  const writer = summaryFileWriter(directory);
  for (const step of [-1, 0.5, Number.NaN, 2 ** 60]) {
    assert.throws(() => writer.scalar('loss', 1, step), { name: 'UsageError', message: /^loss: .*step/ });
  }
  assert.throws(() => writer.image('picture', Buffer.from('no picture'), 1), { name: 'UsageError' });
  assert.throws(() => writer.image('picture', [], 1), { name: 'UsageError', message: /at least one/ });
  assert.throws(() => writer.histogram('h', [1], 1, -2), { name: 'UsageError', message: /buckets/ });
  writer.scalar('loss', 1, 4);
  writer.close();
  const [, start, loss, ...more] = readEvents(eventFiles(directory)[0] as string);
  assert.deepEqual([start?.step, loss?.step, more.length], [4, 4, 0]);
});

test('a directory that cannot be made is one clear line', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => summaryFileWriter(join(file, 'logs')), {
    name: 'RunError',
    message: /^Cannot write TensorBoard events in [^\n]+$/,
  });
});

const runScript = (script: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
const writerModule = JSON.stringify(new URL('../../src/summary/writer.ts', import.meta.url));

test('a program that only ends is not kept alive and loses nothing', () => {
  const directory = newDirectory();
  const { status, stderr } = runScript(`
    import { summaryFileWriter } from ${writerModule};
    summaryFileWriter(${JSON.stringify(directory)}).scalar('loss', 1, 1);
  `);
  assert.equal(status, 0, stderr);
  assert.equal(readEvents(eventFiles(directory)[0] as string).length, 3);
});

// The limit of a shell stands in for a full disk: both make a write fail after part of it was written.
test('a full disk is one clear line, also when the timer finds out', { skip: !existsSync('/bin/sh') }, () => {
  const directory = newDirectory();
  const script = `
    import { summaryFileWriter } from ${writerModule};
    process.on('SIGXFSZ', () => {});
    const writer = summaryFileWriter(${JSON.stringify(directory)}, 1000, 1);
    writer.text('note', 'x'.repeat(4096), 0);
    setTimeout(() => {
      for (const call of [() => writer.scalar('loss', 1, 1), writer.flush, writer.close, writer.close]) {
        try { call(); console.log('nothing'); } catch (error) { console.log(error.name, error.message); }
      }
    }, 200);
  `;
  const limited = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -f 4; exec "$0" --import tsx --input-type=module --eval "$1"', process.execPath, script],
    { encoding: 'utf8', timeout: 60_000, env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
  );
  const lines = limited.stdout.trim().split('\n');
  assert.equal(lines.length, 4, limited.stderr);
  for (const line of lines.slice(0, 3))
    assert.match(line, /^RunError Cannot write TensorBoard events to .*disk/);
  assert.equal(lines[3], 'nothing');
});
