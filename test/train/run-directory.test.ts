import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RunError, UsageError } from '../../src/errors.ts';
import { orRunError, replaceDirectory, replaceFile } from '../../src/train/files.ts';
import { versionOf } from '../../src/train/report/version.ts';
import {
  createRunDirectory,
  latestRun,
  openRunDirectory,
  readRecords,
} from '../../src/train/run-directory.ts';
import { segmentation, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
/** Above the largest process number of Linux. */
const GONE = 2 ** 22 + 1;
const at = new Date('2026-08-23T10:15:00.500Z');
const record = (epoch: number) => ({ epoch, step: epoch * 4, measurements: { 'train/loss': 1 / epoch } });

test('a run is named by its time and seed, and a second one within the second gets a number', async () => {
  const names = await Promise.all(
    [1, 2].map(async () => {
      const directory = await createRunDirectory(join(root, 'names'), segmentation, at);
      directory.release();
      return basename(directory.path);
    }),
  );
  assert.deepEqual(names.sort(), ['20260823-101500-3', '20260823-101500-3-2']);
  assert.equal(basename((await latestRun(join(root, 'names'))) ?? ''), '20260823-101500-3-2');
});

test('the newest run is found in all experiments or in one', async () => {
  const directory = join(root, 'latest');
  const make = async (name: string, day: number) => {
    const made = await createRunDirectory(
      directory,
      { ...segmentation, name },
      new Date(Date.UTC(2026, 0, day)),
    );
    made.release();
    return made.path;
  };
  const [older, newer] = [await make('a', 1), await make('b', 2)];
  assert.equal(await latestRun(directory), newer);
  assert.equal(await latestRun(directory, 'a'), older);
  assert.equal(await latestRun(directory, 'c'), undefined);
});

test('records come back as they were added, but for times and a torn last line', async () => {
  const directory = await createRunDirectory(join(root, 'records'), segmentation);
  for (const epoch of [1, 2, 3])
    await directory.appendRecord({ ...record(epoch), times: { 'time/train': epoch } });
  appendFileSync(join(directory.path, 'metrics.jsonl'), '{"epoch":4,"st');
  assert.deepEqual(await readRecords(directory.path), [1, 2, 3].map(record));
  assert.deepEqual(await directory.keepRecordsTo(2), [1, 2].map(record));
  assert.equal(readFileSync(join(directory.path, 'metrics.jsonl'), 'utf8').split('\n').length, 3);
  directory.release();
});

test('a line within the records that is no record is an error that names it', async () => {
  const directory = await createRunDirectory(join(root, 'damaged'), segmentation);
  writeFileSync(join(directory.path, 'metrics.jsonl'), `oops\n${JSON.stringify(record(1))}\n`);
  await assert.rejects(
    readRecords(directory.path),
    (error) => error instanceof RunError && /line 1/.test(error.message),
  );
  directory.release();
});

test('a run has one owner at a time', async () => {
  const directory = await createRunDirectory(join(root, 'lock'), segmentation);
  await assert.rejects(
    openRunDirectory(directory.path),
    (error) => error instanceof UsageError && error.message.includes(String(process.pid)),
  );
  directory.release();
  directory.release();
  (await openRunDirectory(directory.path)).release();
});

test('the lock of a process that is gone, or a torn one, is taken over', async () => {
  const path = join(root, 'stale');
  mkdirSync(path);
  const stale = [
    JSON.stringify({ pid: GONE, host: (await import('node:os')).hostname(), started: '1' }),
    // This process's number, worn by another process before.
    JSON.stringify({ pid: process.pid, host: (await import('node:os')).hostname(), started: '1' }),
    '{"pid": 12',
    '',
  ];
  for (const content of process.platform === 'linux' ? stale : stale.filter((_, i) => i !== 1)) {
    writeFileSync(join(path, 'lock'), content);
    const directory = await openRunDirectory(path);
    assert.equal(JSON.parse(readFileSync(join(path, 'lock'), 'utf8')).pid, process.pid);
    directory.release();
    assert.ok(!existsSync(join(path, 'lock')));
  }
});

test('a page that is watched learns of a process that was killed, which leaves its files as they are', async () => {
  const path = join(root, 'killed');
  mkdirSync(path);
  const owned = { pid: GONE, host: (await import('node:os')).hostname(), started: '1' };
  writeFileSync(join(path, 'lock'), JSON.stringify({ ...owned, host: 'not-this-machine' }));
  const held = await versionOf([path]);
  assert.equal(await versionOf([path]), held);
  const { mtime } = statSync(join(path, 'lock'));
  writeFileSync(join(path, 'lock'), JSON.stringify(owned));
  utimesSync(join(path, 'lock'), mtime, mtime);
  assert.notEqual(await versionOf([path]), held);
});

test('the lock of another machine is respected, and the message says what to delete', async () => {
  const path = join(root, 'elsewhere');
  mkdirSync(path);
  writeFileSync(join(path, 'lock'), JSON.stringify({ pid: 1, host: 'not-this-machine', started: '1' }));
  await assert.rejects(openRunDirectory(path), /not-this-machine.*delete .*lock/);
});

test('a file that cannot be put in its place is named, with the reason, and nothing is left aside', async () => {
  const path = join(root, 'places');
  mkdirSync(join(path, 'taken'), { recursive: true });
  const write = (name: string) => orRunError('Cannot write', () => replaceFile(join(path, name), 'x'));
  await assert.rejects(write('taken'), {
    name: 'RunError',
    message: `Cannot write: ${join(path, 'taken')}: it is a directory, not a file (EISDIR).`,
  });
  await assert.rejects(write('nowhere/x.png'), {
    name: 'RunError',
    message: /no such file or directory \(ENOENT\)/,
  });
  assert.deepEqual(readdirSync(path), ['taken']);
});

test('what a killed writer left aside is removed, and a directory is replaced whole', async () => {
  const path = join(root, 'aside');
  mkdirSync(join(path, `epoch-0001.${GONE}.tmp`), { recursive: true });
  await replaceDirectory(join(path, 'epoch-0001'), { a: '1', b: '2' });
  await replaceDirectory(join(path, 'epoch-0001'), { a: '3' });
  (await openRunDirectory(path)).release();
  assert.ok(!existsSync(join(path, `epoch-0001.${GONE}.tmp`)));
  assert.equal(readFileSync(join(path, 'epoch-0001/a'), 'utf8'), '3');
  assert.ok(!existsSync(join(path, 'epoch-0001/b')));
});

test('what another process is writing is left alone', async () => {
  const path = join(root, 'written');
  const report = `report.html.${process.ppid}.tmp`;
  mkdirSync(path);
  writeFileSync(join(path, report), '<');
  (await openRunDirectory(path)).release();
  assert.deepEqual(readdirSync(path), [report]);
});

test('of processes that want one run at the same moment, one gets it', { timeout: 60_000 }, async () => {
  const paths = Array.from({ length: 200 }, (_, i) => join(root, `contested-${i}`));
  for (const path of paths) mkdirSync(path);
  const contenders = await Promise.all([contender(paths), contender(paths)]);
  const start = Date.now() + 100;
  const got = await Promise.all(contenders.map(({ contend }) => contend(start)));
  for (const { end } of contenders) end();
  assert.deepEqual(got.flat().toSorted(), paths.toSorted());
});

/** A process that locks what it can of `paths` when it is told to, and holds it until its end. */
async function contender(paths: readonly string[]) {
  const file = fileURLToPath(new URL('lock-contender.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...paths], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await lines.next();
  return {
    async contend(start: number): Promise<string[]> {
      child.stdin.write(`${start}\n`);
      return JSON.parse((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

test('a writer that was killed between taking the old away and putting the new there loses neither', async () => {
  const path = join(root, 'between');
  mkdirSync(join(path, `interrupted.${GONE}.old.tmp`), { recursive: true });
  writeFileSync(join(path, `interrupted.${GONE}.old.tmp/a`), 'before');
  mkdirSync(join(path, `interrupted.${GONE}.tmp`));
  mkdirSync(join(path, 'epoch-0001'));
  mkdirSync(join(path, `epoch-0001.${GONE}.old.tmp`));
  mkdirSync(join(path, 'curves'));
  writeFileSync(join(path, `curves/epoch-0001.json.${GONE}.tmp`), '{');
  (await openRunDirectory(path)).release();
  assert.equal(readFileSync(join(path, 'interrupted/a'), 'utf8'), 'before');
  assert.deepEqual(readdirSync(path).sort(), ['curves', 'epoch-0001', 'interrupted']);
  assert.deepEqual(readdirSync(join(path, 'curves')), []);
});
