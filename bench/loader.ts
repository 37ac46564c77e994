// Decodes and resizes the images of a folder as training does; prints one JSON line.
//
//   node --import tsx bench/loader.ts <folder> <size> <seconds>

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../src/data/image-file.ts';

const [folder = '', size = '128', seconds = '5'] = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.jpg'))
  .sort()
  .map((name) => join(folder, name));
const side = Number(size);
sharp.concurrency(1);

const decode = (file: string) => decodeImage(file, { imageShape: [side, side, 3], fit: 'squash' });
for (const file of files.slice(0, 20)) await decode(file);
const [started, before] = [performance.now(), process.cpuUsage()];
let images = 0;
let sum = 0;
while (performance.now() - started < 1000 * Number(seconds)) {
  const { pixels } = await decode(files[images % files.length] as string);
  sum += pixels[0] as number;
  images++;
}
const { user, system } = process.cpuUsage(before);
const wallMs = (performance.now() - started) / images;
console.log(JSON.stringify({ cpuMs: (user + system) / 1000 / images, wallMs, images, sum }));
