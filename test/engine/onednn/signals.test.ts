import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeNative } from './support.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Products of these sizes are oneDNN's, which lost its data to a signal. */
const program = `
  import * as tf from '@tensorflow/tfjs';
  import { useEngine } from './src/engine/engine.ts';
  await useEngine('onednn', { threads: 2 });
  const [a, b] = [tf.ones([8, 4608]), tf.ones([4608, 512])];
  for (let i = 0; i < 400; i++) {
    const sum = tf.tidy(() => tf.matMul(a, b).sum().dataSync()[0]);
    if (sum !== 8 * 512 * 4608) throw new Error('received ' + sum);
  }
`;

describeNative('signals', () => {
  it("come between kernels: a profiler's clock corrupts nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'medrobust-signals-'));
    const profiler = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', folder];
    const run = promisify(execFile);
    await run(process.execPath, [...profiler, '--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: root,
    });
    assert.notEqual((await readdir(folder)).length, 0);
    await rm(folder, { recursive: true });
  });
});
