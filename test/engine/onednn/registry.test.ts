import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { backendName, nativeKernels } from '../../../src/engine/onednn/register.ts';
import { describeNative } from './support.ts';

const source = (path: string) =>
  readFileSync(new URL(`../../../src/engine/onednn/${path}`, import.meta.url), 'utf8');

describeNative('the kernels of the native engine', () => {
  it('are those of cpu, and no other', () => {
    const names = (backend: string) =>
      tf
        .getKernelsForBackend(backend)
        .map(({ kernelName }) => kernelName)
        .sort();
    assert.deepEqual(names(backendName), names('cpu'));
  });

  it('take the place of a kernel of cpu, each', () => {
    for (const name of nativeKernels.keys()) {
      const [ours, theirs] = [tf.getKernel(name, backendName), tf.getKernel(name, 'cpu')];
      assert.ok(theirs, name);
      assert.notEqual(ours?.kernelFunc, theirs.kernelFunc, name);
    }
  });

  it('are declared in C++ and TypeScript alike', () => {
    const declared = [...source('native/kernels.h').matchAll(/X\((\w+)\)/g)].map(([, name]) => name!);
    const functions = Object.entries(loadBinding()).filter(([, value]) => typeof value === 'function');
    const unique = [...new Set(declared.filter((name) => name !== 'X'))];
    assert.deepEqual(functions.map(([name]) => name).sort(), unique.sort());
    const interfaces = source('binding.ts');
    for (const name of unique) assert.match(interfaces, new RegExp(`\\b${name}\\b`));
  });
});
