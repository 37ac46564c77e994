import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { downloadDataset, downloadFile } from '../../src/data/download.ts';
import { openDatasets } from '../../src/data/open-datasets.ts';
import { RunError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { says, temporaryFolder } from './fixtures.ts';

const content = Buffer.from(createRandom(1).uniforms(50_000, 0, 1).buffer);
const md5 = createHash('md5').update(content).digest('hex');
const quick = { retries: 3, pauseMs: 1 };

/** A server on this machine, and the ranges that it was asked for. */
async function serve(
  context: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.range);
    answer(request, response, asked.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { asked, remote: { url: `http://127.0.0.1:${port}/set.npz`, name: 'set.npz', md5 } };
}

/** Cuts the connection under way. */
let cut = () => {};
/** Hears of every byte, and cuts when those that a server sends at most have come: what is not read yet may be lost with it. */
const cutting = {
  ...quick,
  onProgress: (_: unknown, at: number) => {
    if (at % 60_000 === 0) cut();
  },
};

/** Sends `bytes` from where the range says, but at most `limit` of them; `cut` ends the connection then. */
function send(
  { headers }: IncomingMessage,
  response: ServerResponse,
  bytes = content,
  limit = Number.POSITIVE_INFINITY,
) {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from >= bytes.length) return void response.writeHead(416).end();
  const rest = bytes.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    'content-length': rest.length,
    ...(from > 0 && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
  });
  if (rest.length <= limit) return void response.end(rest);
  response.write(rest.subarray(0, limit));
  cut = () => response.destroy();
}

test('a file arrives, and is not fetched twice', async (context) => {
  const folder = join(await temporaryFolder(context), 'new', 'folder');
  const { asked, remote } = await serve(context, (request, response) => send(request, response));
  const heard: [number, number | undefined][] = [];
  const onProgress = (_: unknown, at: number, total: number | undefined) => heard.push([at, total]);
  assert.equal(await downloadFile(remote, folder, { ...quick, onProgress }), true);
  assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
  assert.deepEqual(heard.at(-1), [content.length, content.length]);
  assert.equal(await downloadFile(remote, folder, quick), false);
  assert.deepEqual(asked, [undefined]);
  assert.deepEqual(readdirSync(folder), ['set.npz']);
});

test('a connection that is cut goes on where it was', async (context) => {
  const folder = await temporaryFolder(context);
  const { asked, remote } = await serve(context, (request, response, count) =>
    send(request, response, content, count < 4 ? 60_000 : undefined),
  );
  await downloadFile(remote, folder, cutting);
  assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
  assert.deepEqual(asked, [undefined, 'bytes=60000-', 'bytes=120000-', 'bytes=180000-']);
});

test('what is kept of a failed download is used by the next one', async (context) => {
  const folder = await temporaryFolder(context);
  const broken = await serve(context, (request, response, count) =>
    count === 1 ? send(request, response, content, 60_000) : response.destroy(),
  );
  await assert.rejects(
    downloadFile(broken.remote, folder, cutting),
    says(RunError, 'after 4 tries', '60000 bytes are kept', 'again'),
  );
  assert.ok(!existsSync(join(folder, 'set.npz')));
  const whole = await serve(context, (request, response) => send(request, response));
  await downloadFile(whole.remote, folder, quick);
  assert.deepEqual(whole.asked, ['bytes=60000-']);
  assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
});

test('a server without ranges sends all, and that is used', async (context) => {
  const folder = await temporaryFolder(context);
  writeFileSync(join(folder, 'set.npz.part'), content.subarray(0, 70_000));
  const { asked, remote } = await serve(context, (_, response) => response.writeHead(200).end(content));
  await downloadFile(remote, folder, quick);
  assert.deepEqual(asked, ['bytes=70000-']);
  assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
});

test('a part that is damaged, too long, or of another file is fetched once more', async (context) => {
  const damaged = Buffer.from(content.subarray(0, 70_000));
  damaged[5]! ^= 1;
  for (const part of [damaged, Buffer.concat([content, content]), Buffer.alloc(content.length)]) {
    const folder = await temporaryFolder(context);
    writeFileSync(join(folder, 'set.npz.part'), part);
    const { asked, remote } = await serve(context, (request, response) => send(request, response));
    await downloadFile(remote, folder, quick);
    assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
    assert.deepEqual(asked, [`bytes=${part.length}-`, undefined]);
  }
});

test('a part that is complete needs nothing but its checksum', async (context) => {
  const folder = await temporaryFolder(context);
  writeFileSync(join(folder, 'set.npz.part'), content);
  const { remote } = await serve(context, (request, response) => send(request, response));
  await downloadFile(remote, folder, quick);
  assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
});

test('another content than the checksum says is not kept', async (context) => {
  const folder = await temporaryFolder(context);
  const other = Buffer.from(content);
  other[7]! ^= 1;
  const { asked, remote } = await serve(context, (request, response) => send(request, response, other));
  await assert.rejects(
    downloadFile(remote, folder, quick),
    says(RunError, remote.url, md5, 'Nothing was kept'),
  );
  assert.equal(asked.length, 1);
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(join(folder, 'set.npz'), 'mine');
  await assert.rejects(
    downloadFile(remote, folder, quick),
    says(RunError, 'set.npz is there', 'Remove or rename'),
  );
  assert.equal(readFileSync(join(folder, 'set.npz'), 'utf8'), 'mine');
});

/** As `send`, of a version that it names, and only to those who have the beginning of that. */
function sendVersion(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  etag: string,
  limit?: number,
) {
  response.setHeader('etag', etag);
  const { 'if-range': wanted } = request.headers;
  if (wanted !== undefined && wanted !== etag) delete request.headers.range;
  send(request, response, bytes, limit);
}

test('without a published checksum, that of the first download is kept and holds', async (context) => {
  const folder = await temporaryFolder(context);
  const first = await serve(context, (request, response, count) =>
    sendVersion(request, response, content, '"one"', count === 1 ? 60_000 : undefined),
  );
  const { md5: _, ...unchecked } = first.remote;
  assert.equal(await downloadFile(unchecked, folder, cutting), true);
  assert.deepEqual(first.asked, [undefined, 'bytes=60000-']);
  assert.deepEqual(readdirSync(folder).sort(), ['set.npz', 'set.npz.md5']);
  assert.equal(readFileSync(join(folder, 'set.npz.md5'), 'utf8'), `${md5}  set.npz\n`);
  assert.equal(await downloadFile(unchecked, folder, quick), false);
  writeFileSync(join(folder, 'set.npz'), 'changed');
  await assert.rejects(downloadFile(unchecked, folder, quick), says(RunError, 'checksum differs'));
  rmSync(join(folder, 'set.npz'));
  const other = await serve(context, (request, response) => send(request, response, Buffer.alloc(1000)));
  const { md5: __, ...elsewhere } = other.remote;
  await assert.rejects(downloadFile(elsewhere, folder, quick), says(RunError, md5, 'Nothing was kept'));
  rmSync(join(folder, 'set.npz.md5'));
  writeFileSync(join(folder, 'set.npz'), 'mine');
  await assert.rejects(
    downloadFile(unchecked, folder, quick),
    says(RunError, 'no checksum of set.npz is known'),
  );
});

test('without a published checksum, no part of one version is joined to another', async (context) => {
  const newer = Buffer.from(content);
  newer[3]! ^= 1;
  for (const [etag, bytes] of [
    ['"two"', newer],
    ['W/"weak"', newer],
  ] as const) {
    const folder = await temporaryFolder(context);
    const { remote } = await serve(context, (request, response, count) => {
      if (count === 1)
        sendVersion(request, response, content, etag === '"two"' ? '"one"' : 'W/"old"', 60_000);
      else sendVersion(request, response, bytes, etag);
    });
    const { md5: _, ...unchecked } = remote;
    await downloadFile(unchecked, folder, cutting);
    assert.deepEqual(readFileSync(join(folder, 'set.npz')), bytes);
  }
  // A part of unknown descent, or one that is longer than the whole, begins again.
  for (const known of [false, true]) {
    const folder = await temporaryFolder(context);
    writeFileSync(join(folder, 'set.npz.part'), Buffer.alloc(content.length + 5));
    if (known) writeFileSync(join(folder, 'set.npz.part.etag'), '"one"');
    const { remote } = await serve(context, (request, response) =>
      sendVersion(request, response, content, '"one"'),
    );
    const { md5: _, ...unchecked } = remote;
    await downloadFile(unchecked, folder, quick);
    assert.deepEqual(readFileSync(join(folder, 'set.npz')), content);
    assert.deepEqual(readdirSync(folder).sort(), ['set.npz', 'set.npz.md5']);
  }
});

test('a refusal is said at once, trouble of the server is tried again', async (context) => {
  const folder = await temporaryFolder(context);
  const gone = await serve(context, (_, response) => response.writeHead(404).end());
  await assert.rejects(downloadFile(gone.remote, folder, quick), says(RunError, '404', gone.remote.url));
  assert.equal(gone.asked.length, 1);
  const busy = await serve(context, (request, response, count) =>
    count < 3 ? response.writeHead(503).end() : send(request, response),
  );
  await downloadFile(busy.remote, folder, quick);
  assert.equal(busy.asked.length, 3);
  const nobody = { ...gone.remote, url: 'http://127.0.0.1:9/set.npz', name: 'other.npz' };
  await assert.rejects(
    downloadFile(nobody, folder, { retries: 0 }),
    says(RunError, 'Cannot download', 'after 1 tries'),
  );
});

test('a data set comes with its licence', async (context) => {
  const folder = await temporaryFolder(context);
  const { remote } = await serve(context, (request, response) => send(request, response));
  await downloadDataset('mine', { ...openDatasets.pneumoniamnist!, files: [remote] }, folder, quick);
  assert.deepEqual(readdirSync(folder).sort(), ['mine-LICENCE.txt', 'set.npz']);
  assert.match(readFileSync(join(folder, 'mine-LICENCE.txt'), 'utf8'), /CC BY 4\.0[\s\S]*Yang et al\. 2023/);
});

test('every data set that is offered has files, checksums and a licence of its own', () => {
  const checksums = new Set<string>();
  const sizes = Object.keys(openDatasets).filter((name) => name.startsWith('pathmnist'));
  assert.deepEqual(sizes, ['pathmnist'], 'the larger ones could not be opened');
  for (const [name, { title, licence, citation, home, files }] of Object.entries(openDatasets)) {
    assert.ok(title && licence && citation && home.startsWith('https://') && files.length > 0, name);
    for (const file of files) {
      assert.equal(file.md5 === undefined, name.startsWith('isic2018'), file.name);
      assert.match(
        file.url,
        /^https:\/\/(zenodo\.org\/records\/10519652|isic-challenge-data\.s3\.amazonaws\.com)\//,
      );
      if (file.md5 === undefined) continue;
      assert.match(file.md5, /^[0-9a-f]{32}$/);
      assert.ok(!checksums.has(file.md5), `${name}: the checksum of another file`);
      checksums.add(file.md5);
    }
  }
  assert.equal(checksums.size, 12 * 4 - 11 + 3);
});
