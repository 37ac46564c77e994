import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { physicalCores } from '../../src/engine/threads.ts';

/** What `physicalCores` makes of these files. */
function coresOf(files: Record<string, string>): number {
  const root = mkdtempSync(join(tmpdir(), 'threads-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `${content}\n`);
    }
    return physicalCores(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const siblings = (cpu: number) => `sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
const logical = availableParallelism();
const atMost = (cores: number) => Math.min(cores, logical);

it('counts a core once, however many threads it has', () => {
  const one = {
    'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0,4',
    [siblings(0)]: '0,4',
    [siblings(4)]: '0,4',
  };
  assert.equal(coresOf(one), 1);
  assert.equal(
    coresOf({ ...one, 'proc/self/status': 'Cpus_allowed_list:\t0-1', [siblings(1)]: '1,5' }),
    atMost(2),
  );
});

it("heeds a container's share of time", () => {
  assert.equal(coresOf({ 'sys/fs/cgroup/cpu.max': '150000 100000' }), 1);
  assert.equal(coresOf({ 'sys/fs/cgroup/cpu.max': '50000 100000' }), 1);
  const first = 'sys/fs/cgroup/cpu/cpu.cfs_';
  assert.equal(coresOf({ [`${first}quota_us`]: '100000', [`${first}period_us`]: '100000' }), 1);
  assert.equal(coresOf({ [`${first}quota_us`]: '-1', [`${first}period_us`]: '100000' }), logical);
});

it('takes all there are where nothing is said', () => {
  assert.equal(coresOf({}), logical);
  assert.equal(coresOf({ 'sys/fs/cgroup/cpu.max': 'max 100000' }), logical);
  assert.equal(coresOf({ 'proc/self/status': 'Cpus_allowed_list:\t0-3' }), logical);
});

it('is at least 1 here', () => {
  const cores = physicalCores();
  assert.ok(Number.isInteger(cores) && cores >= 1 && cores <= logical);
});
