import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * The number of physical cores that this process may use: two threads on one core slow arithmetic down.
 * Where the system does not say (outside Linux), the number of logical ones.
 */
export function physicalCores(): number {
  const logical = availableParallelism();
  const cores = new Set<string>();
  for (let cpu = 0; ; cpu++) {
    const file = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
    if (!existsSync(file)) break;
    cores.add(readFileSync(file, 'utf8').trim());
  }
  return cores.size > 0 ? Math.min(logical, cores.size) : logical;
}
