// Files over HTTP, whole or not at all: what is cut short goes on where it stopped, and a checksum decides.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, RunError } from '../errors.ts';
import type { OpenDataset, RemoteFile } from './open-datasets.ts';

export interface DownloadOptions {
  /** Hears how many bytes of a file are there, and of how many where the server says it. */
  readonly onProgress?: (file: RemoteFile, received: number, total: number | undefined) => void;
  /** How often a connection that fails is tried again, each time after a longer pause; default 5. */
  readonly retries?: number;
  /** Before the first retry, in milliseconds; default 1000. */
  readonly pauseMs?: number;
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** A failure that another try may not have. */
class Interrupted extends Error {}

/** `etag` names the version that a part is of: of another one the server sends all. */
async function request(url: string, from: number, etag: string | undefined): Promise<Response> {
  let response: Response;
  try {
    const headers = { range: `bytes=${from}-`, ...(etag && { 'if-range': etag }) };
    response = await fetch(url, from > 0 ? { headers } : {});
  } catch (error) {
    throw new Interrupted(messageOf((error as Error).cause ?? error));
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  const said = `the server answered ${response.status}${response.statusText ? ` ${response.statusText}` : ''}`;
  if (response.status >= 500 || response.status === 429) throw new Interrupted(said);
  throw new RunError(`Cannot download ${url}: ${said}. Look for another address, or fetch the file by hand.`);
}

/** Where the body of a response begins: a server may not know ranges, and send all from the start. */
function startOf(response: Response, asked: number): number {
  if (response.status !== 206) return 0;
  const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]);
  return start === asked ? asked : Number.NaN;
}

async function writeBody(
  body: AsyncIterable<Uint8Array>,
  file: FileHandle,
  from: number,
  heard: (at: number) => void,
) {
  let at = from;
  try {
    for await (const chunk of body) {
      await file.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      heard(at);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === 'write') throw error;
    throw new Interrupted(messageOf((error as Error).cause ?? error));
  }
  return at;
}

const readText = (path: string) => readFile(path, 'utf8').catch(() => undefined);

/**
 * Asks for what is missing of `part` and adds it. Where no checksum would tell, a part goes on only if the server says that it
 * is of the same version.
 */
async function fetchRest(
  { url }: RemoteFile,
  part: string,
  checked: boolean,
  heard: (at: number, total?: number) => void,
) {
  const tag = `${part}.etag`;
  const etag = checked ? undefined : await readText(tag);
  const asked = checked || etag ? await sizeOf(part) : 0;
  const response = await request(url, asked, etag);
  const from = startOf(response, asked);
  if (response.status === 416 || Number.isNaN(from)) {
    // There is no more than we have, or another part was sent: the checksum tells, and otherwise it begins again.
    await response.body?.cancel();
    if (Number.isNaN(from) || !checked) await rm(part, { force: true });
    if (!checked) throw new Interrupted('what is there is no beginning of what the server has');
    return;
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isNaN(length) || response.headers.get('content-encoding') ? undefined : from + length;
  const version = response.headers.get('etag') ?? 'W/';
  if (!checked && from === 0) {
    if (version.startsWith('W/')) await rm(tag, { force: true });
    else await writeFile(tag, version);
  }
  const file = await open(part, from > 0 ? 'r+' : 'w');
  try {
    const body = (response.body ?? []) as unknown as AsyncIterable<Uint8Array>;
    const end = await writeBody(body, file, from, (at) => heard(at, total));
    if (total !== undefined && end < total)
      throw new Interrupted(`${total - end} of ${total} bytes are missing`);
    await file.truncate(end);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Brings a file into a directory, unless it is there already; gives whether anything was fetched. A partial download is kept as
 * `<name>.part` and goes on from there, the next time too. Throws `RunError` when the server refuses, the connection keeps
 * failing, or what came is not what the checksum says.
 *
 * Where no checksum is published, that of the first download is kept in `<name>.md5`, and later ones are held against it: it
 * tells a file that changed, not one that was wrong from the start.
 */
export async function downloadFile(
  remote: RemoteFile,
  directory: string,
  { onProgress, retries = 5, pauseMs = 1000 }: DownloadOptions = {},
): Promise<boolean> {
  const path = join(directory, remote.name);
  const part = `${path}.part`;
  const md5 = remote.md5 ?? (await readText(`${path}.md5`))?.split(' ')[0];
  if ((await sizeOf(path)) > 0) {
    if ((await md5Of(path)) === md5) return false;
    if (md5 === undefined) {
      throw new RunError(
        `${path} is there, and no checksum of ${remote.name} is known to hold it against. Remove or rename it.`,
      );
    }
    throw new RunError(
      `${path} is there, but is not ${remote.name}: its checksum differs. Remove or rename it.`,
    );
  }
  await mkdir(directory, { recursive: true });
  // What was left of an earlier download may be damaged: then everything is fetched once more.
  for (const fresh of [(await sizeOf(part)) === 0, true]) {
    if (fresh) await Promise.all([part, `${part}.etag`].map((left) => rm(left, { force: true })));
    for (let failures = 0; ; failures++) {
      try {
        await fetchRest(remote, part, md5 !== undefined, (at, total) => onProgress?.(remote, at, total));
        break;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        if (failures >= retries) {
          throw new RunError(
            `Cannot download ${remote.url}: ${error.message}, after ${failures + 1} tries. ` +
              `${await sizeOf(part)} bytes are kept; run the command again to go on.`,
          );
        }
        await pause(pauseMs * 2 ** failures);
      }
    }
    const found = (await sizeOf(part)) > 0 ? await md5Of(part) : undefined;
    if (found !== undefined && found === (md5 ?? found)) {
      if (remote.md5 === undefined) await writeFile(`${path}.md5`, `${found}  ${remote.name}\n`);
      await rename(part, path);
      await rm(`${part}.etag`, { force: true });
      return true;
    }
    if (fresh) break;
  }
  await rm(part, { force: true });
  throw new RunError(
    `${remote.url} gave a file whose checksum is not ${md5}: it was changed, or damaged on its way. Nothing was kept.`,
  );
}

/** Brings all files of a data set into a directory, and its licence beside them as `<name>-LICENCE.txt`. */
export async function downloadDataset(
  name: string,
  { title, licence, citation, home, files }: OpenDataset,
  directory: string,
  options: DownloadOptions = {},
): Promise<void> {
  for (const file of files) await downloadFile(file, directory, options);
  const text = `${title}\n${home}\n\nLicence: ${licence}\n\nCite: ${citation}\n`;
  await writeFile(join(directory, `${name}-LICENCE.txt`), text);
}
