import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { runCommand } from '../../src/cli/commands.ts';
import type { PageData } from '../../src/report/page/data.ts';
import { temporaryDirectory } from '../train/support.ts';
import { type Finished, medrobust, tinyFile } from './command.ts';

const root = temporaryDirectory();
const inRoot = ['--directory', root];
let run: string;

before(async () => {
  const { code, stderr } = await medrobust(['train', tinyFile, ...inRoot, '--set', 'epochs=2']);
  assert.equal(code, 0, stderr);
  run = join(root, 'tiny', readdirSync(join(root, 'tiny'))[0] as string);
  // Another seed, as far as its files say.
  const second = join(root, 'tiny', '20000101-000000-8');
  cpSync(run, second, { recursive: true });
  const experiment = readFileSync(join(run, 'experiment.json'), 'utf8');
  writeFileSync(join(second, 'experiment.json'), experiment.replace('"seed": 7', '"seed": 8'));
});

function dataOf(html: string): PageData {
  const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1];
  return JSON.parse(json ?? '') as PageData;
}

/** In this process, as nothing starts: the command line prints the message of a `UsageError` as one line. */
async function refused(words: readonly string[], expected: RegExp): Promise<void> {
  await assert.rejects(runCommand(words), (error: Error) => {
    assert.equal(error.name, 'UsageError');
    assert.match(error.message, expected);
    return !error.message.includes('\n');
  });
}

test('report writes one page that holds all of a run', async () => {
  const evaluated = await medrobust(['evaluate', 'tiny', ...inRoot]);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const { code, stdout, stderr } = await medrobust(['report', 'tiny', ...inRoot]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Written: .*report\.html$/m);
  const html = readFileSync(join(run, 'report.html'), 'utf8');
  const [data] = dataOf(html).runs;
  assert.equal(data!.status, 'finished');
  assert.match(data!.command!, /^medrobust train .*tiny\.ts .*--set epochs=2$/);
  assert.deepEqual(
    data!.measured.map(({ label }) => label),
    ['validation, epoch 2', 'test, best checkpoint'],
  );
  assert.ok(data!.measured[0]!.corruptions && data!.measured[0]!.control);
  const { rows, key } = data!.gallery!;
  assert.deepEqual(
    key.map(({ name }) => name),
    ['lesion'],
  );
  for (const { clean, labels, adversarial } of rows) {
    for (const picture of [clean.image, clean.prediction, labels])
      assert.match(picture!, /^data:image\/png;base64,iVBOR/);
    assert.deepEqual(
      adversarial.map(({ attack }) => attack),
      ['fgsm', 'pgd'],
    );
    for (const { linf, l2, l0, ssim } of adversarial) {
      assert.ok(linf <= 4 / 255 + 1e-6 && linf > 0, `linf ${linf}`);
      assert.ok(l2 <= linf * 16 * Math.sqrt(3) + 1e-6 && l0 > 0 && l0 <= 1 && ssim < 1 && ssim > 0.5);
    }
  }
  assert.ok(data!.checkpoints.some(({ why }) => why.includes('last')));
  assert.ok(data!.environment.some(([name]) => name === 'engine'));
});

test('compare prints a table, and writes it in all forms and into a document', async () => {
  const document = join(root, 'results.md');
  writeFileSync(document, 'before\n<!-- compare:results -->\nold\n<!-- /compare:results -->\nafter\n');
  const out = join(root, 'out');
  const words = ['compare', 'tiny', ...inRoot, '--split', 'validation', '--out', out, '--write', document];
  const { code, stdout, stderr } = await medrobust(words);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\| unet +\| 0\.\d{3} ± /);
  assert.match(stdout, /deviation over 2 seeds\./);
  assert.deepEqual(readdirSync(out).sort(), [
    'compare.csv',
    'compare.md',
    'compare.tex',
    'plane.png',
    'plane.svg',
  ]);
  const text = readFileSync(document, 'utf8');
  assert.ok(
    text.startsWith('before\n<!-- compare:results -->\n| net') &&
      text.endsWith('<!-- /compare:results -->\nafter\n'),
  );
  assert.ok(!text.includes('old') && text.includes('medrobust compare tiny --split validation --write'));
  assert.match(
    text,
    /^!\[generalisation: .* No other net is better in both than: unet\.\]\(plane-results\.png\)$/m,
  );
  assert.ok(existsSync(join(root, 'plane-results.png')));
  await refused([...words.slice(0, -1), `${document}#other`], /lacks the lines <!-- compare:other -->/);
});

test('several runs are one page, with their comparison', async () => {
  const runs = readdirSync(join(root, 'tiny')).map((name) => join(root, 'tiny', name));
  const file = join(root, 'both.html');
  const { code, stderr } = await medrobust(['report', ...runs, '--output', file]);
  assert.equal(code, 0, stderr);
  const { comparison, runs: shown } = dataOf(readFileSync(file, 'utf8'));
  assert.equal(shown.length, 2);
  assert.equal(comparison!.rows.length, 1);
  assert.match(comparison!.plane!.picture, /^data:image\/svg\+xml;base64,/);
});

test('what is no run is refused in one line', async () => {
  await refused(['report', 'nothing', ...inRoot], /no run "nothing"/);
  await refused(['report', join(root, 'tiny'), ...inRoot], /There is no run/);
  await refused(['watch', 'nothing', ...inRoot], /no run "nothing"/);
  await refused(['compare', 'nothing', ...inRoot], /no run "nothing"/);
  await refused(['watch', 'tiny', ...inRoot, '--port', 'http'], /--port: expected a number from 0 to 65535/);
});

/** What a server answers; `headers` may name another host. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; body: string; etag: string }>((resolve, reject) => {
    const { hostname, port, pathname } = new URL(url);
    // As it is, and not put right, as fetch would.
    const path = url.slice(url.indexOf(port) + port.length) || pathname;
    get({ hostname, port, path, headers, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode!, body, etag: response.headers.etag ?? '' });
      });
    }).on('error', reject);
  });
}

/** Starts `medrobust watch`, and hands over its address once that is printed. */
async function watching(words: readonly string[], body: (url: string) => Promise<void>): Promise<Finished> {
  let started: (found: { url: string; child: ChildProcess }) => void;
  const server = new Promise<{ url: string; child: ChildProcess }>((resolve) => {
    started = resolve;
  });
  const finished = medrobust(['watch', ...words], (stdout, child) => {
    const url = /http:\S+/.exec(stdout)?.[0];
    if (url) started({ url, child });
  });
  const first = await Promise.race([server, finished]);
  assert.ok('url' in first, 'it printed an address');
  try {
    await body(first.url);
  } finally {
    first.child.kill('SIGINT');
  }
  return finished;
}

test('watch shows a run from before its first epoch on, and ends at Ctrl-C', async () => {
  const growing = join(root, 'growing', '20260101-000000-7');
  mkdirSync(growing, { recursive: true });
  cpSync(join(run, 'experiment.json'), join(growing, 'experiment.json'));
  const [first = '', second = ''] = readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n');
  const { code, stderr } = await watching([growing], async (url) => {
    const page = await ask(url);
    assert.equal(page.status, 200);
    assert.match(page.body, /<html lang="en" data-live>/);
    assert.equal(dataOf(page.body).runs[0]!.records.length, 0);
    const before = await ask(`${url}data.json`);
    assert.equal((await ask(`${url}data.json`, { 'if-none-match': before.etag })).status, 304);
    // An epoch, and half of the next line.
    appendFileSync(join(growing, 'metrics.jsonl'), `${first}\n${second.slice(0, 20)}`);
    const later = await ask(`${url}data.json`, { 'if-none-match': before.etag });
    assert.equal(later.status, 200);
    assert.equal((JSON.parse(later.body) as PageData).runs[0]!.records.length, 1);
    cpSync(join(run, 'curves'), join(growing, 'curves'), { recursive: true });
    const measured = await ask(`${url}data.json`, { 'if-none-match': later.etag });
    assert.equal((JSON.parse(measured.body) as PageData).runs[0]!.measured.length, 1);
  });
  assert.equal(code, 130, stderr);
});

test('watch serves the page and nothing else, to this machine alone', async () => {
  const { code } = await watching([run], async (url) => {
    for (const path of [
      'experiment.json',
      'curves/',
      '../metrics.jsonl',
      '%2e%2e/experiment.json',
      'data.json/..',
      '?',
    ])
      assert.equal((await ask(url + path)).status, 404, path);
    assert.equal((await ask(url, { host: 'example.org' })).status, 403);
    assert.equal((await ask(url, {}, 'POST')).status, 405);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { port } = new URL(url);
    await refused(['watch', run, '--port', port], new RegExp(`port ${port} is in use`));
  });
  assert.equal(code, 130);
});

test('a damaged file of curves is named', async () => {
  const damaged = join(root, 'damaged', '20260101-000000-7');
  cpSync(run, damaged, { recursive: true });
  rmSync(join(damaged, 'report.html'), { force: true });
  writeFileSync(join(damaged, 'curves', 'epoch-0002.json'), '{"epoch": 2, ');
  await assert.rejects(runCommand(['report', damaged]), /^RunError: .*epoch-0002\.json: expected JSON/);
  assert.ok(!existsSync(join(damaged, 'report.html')));
  rmSync(damaged, { recursive: true });
});
