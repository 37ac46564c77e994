// script/link-tensorflow, up to where it would need a TensorFlow: every mistake is one line that says what to do.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../script/link-tensorflow', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'link-tensorflow-'));
after(() => rmSync(folder, { recursive: true }));

function link(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

function refuses(
  args: readonly string[],
  status: number,
  message: RegExp,
  env?: Record<string, string>,
): void {
  const result = link(args, env);
  assert.equal(result.status, status, result.stderr);
  assert.match(result.stderr, message);
  assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
  assert.equal(result.stdout, '');
}

it('explains itself', () => {
  const { status, stdout, stderr } = link(['--help']);
  assert.equal(status, 0);
  for (const part of ['--python', '--tensorflow', '--gpu', 'pip install'])
    assert.ok(stdout.includes(part), part);
  assert.equal(stderr, '');
});

it('refuses arguments that it does not know, or that contradict each other', () => {
  refuses(['--frob'], 2, /unknown argument "--frob"/);
  refuses(['--python'], 2, /--python needs a value/);
  refuses(['--python', 'a', '--tensorflow', 'b'], 2, /either --python or --tensorflow/);
});

it('says that there is no Python, or no TensorFlow in it', () => {
  refuses(['--python', 'no-such-python'], 1, /no Python "no-such-python"/);
  const python = join(folder, 'python');
  writeFileSync(python, '#!/bin/sh\necho\n');
  chmodSync(python, 0o755);
  refuses(['--python', python], 1, /has no TensorFlow.*pip install tensorflow-cpu/);
  refuses(['--tensorflow', folder], 1, /holds no TensorFlow to link/);
});

/** A folder with the names that a wheel has, and nothing in them but what it says of CUDA. */
function wheelWith(isCudaBuild: boolean): string {
  const wheel = join(folder, `wheel-${isCudaBuild}`);
  for (const path of ['include/tensorflow/c', 'python/platform'])
    mkdirSync(join(wheel, 'tensorflow', path), { recursive: true });
  const info = `build_info = collections.OrderedDict([('is_cuda_build', ${isCudaBuild ? 'True' : 'False'})])\n`;
  const files = {
    'include/tensorflow/c/c_api.h': '',
    'libtensorflow_cc.so.2': '',
    'libtensorflow_framework.so.2': '',
    'python/platform/build_info.py': info,
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(wheel, 'tensorflow', path), text);
  return wheel;
}

it('says that there is no compiler', () => {
  const env = { CXX: 'no-such-compiler' };
  refuses(['--tensorflow', wheelWith(false)], 1, /no C\+\+ compiler/, env);
  refuses(['--gpu', '--tensorflow', wheelWith(true)], 1, /no C\+\+ compiler/, env);
});

it('says that a TensorFlow has no CUDA', () => {
  refuses(['--gpu', '--tensorflow', wheelWith(false)], 1, /built without CUDA.*tensorflow\[and-cuda\]/);
});
