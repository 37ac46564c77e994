// Decodes and resizes the images of a folder as a worker of the loader does; prints one JSON line.
//
//   node --import tsx bench/loader.ts <folder> <size> <seconds>

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as macrotask } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { decodeImage } from '../src/data/image-file.ts';

const BATCH = 32;

async function measure([folder = '', size = '128', seconds = '5']: readonly string[]): Promise<void> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .map((name) => join(folder, name));
  const side = Number(size);
  sharp.concurrency(1);
  const target = { imageShape: [side, side, 3], fit: 'squash' } as const;
  let decoded = 0;
  const decode = async (file: string) => {
    await decodeImage(file, target);
    // After a batch a worker hears messages, and memory of native objects is freed.
    if (++decoded % BATCH === 0) await macrotask();
  };
  // Until the compiler has seen it all.
  for (let i = 0; i < 300; i++) await decode(files[i % files.length] as string);
  const [started, before] = [performance.now(), process.cpuUsage()];
  let images = 0;
  while (performance.now() - started < 1000 * Number(seconds)) {
    await decode(files[images % files.length] as string);
    images++;
  }
  const { user, system } = process.cpuUsage(before);
  const wallMs = (performance.now() - started) / images;
  console.log(JSON.stringify({ cpuMs: (user + system) / 1000 / images, wallMs, images }));
}

if (isMainThread) {
  // On Node 20, hooks of the main thread that load TypeScript do not reach into workers.
  const script = `
    const { tsx, program } = require('node:worker_threads').workerData;
    import(tsx).then(({ register }) => {
      register();
      return import(program);
    });`;
  const words = process.argv.slice(2);
  const data = { words, program: import.meta.url, tsx: import.meta.resolve('tsx/esm/api') };
  new Worker(script, { eval: true, execArgv: [], workerData: data });
} else {
  await measure((workerData as { words: string[] }).words);
}
