import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** The numbers of `0-3,8`. */
function parseList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** How many processors' time a container may use, of cgroup version 2 or 1; undefined without a limit. */
function quota(root: string): number | undefined {
  const [limit, period] = read(join(root, 'sys/fs/cgroup/cpu.max'))?.split(' ') ?? [
    read(join(root, 'sys/fs/cgroup/cpu/cpu.cfs_quota_us')),
    read(join(root, 'sys/fs/cgroup/cpu/cpu.cfs_period_us')),
  ];
  const share = Number(limit) / Number(period);
  return share > 0 ? Math.max(1, Math.floor(share)) : undefined;
}

/** How many cores the processors that this process may run on belong to. */
function cores(root: string): number | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(read(join(root, 'proc/self/status')) ?? '')?.[1];
  if (!allowed) return undefined;
  const siblings = parseList(allowed).map((cpu) =>
    read(join(root, `sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`)),
  );
  return siblings.includes(undefined) ? undefined : new Set(siblings).size;
}

/**
 * The number of physical cores that this process may use: two threads on one core slow arithmetic down, and threads
 * beyond a container's share of time stand still half of theirs. Where the system does not say (outside Linux), the
 * number of logical ones. `root` is where the system's files are.
 */
export function physicalCores(root = '/'): number {
  return Math.min(availableParallelism(), cores(root) ?? Infinity, quota(root) ?? Infinity);
}
