// A process that wants the runs of its arguments. It prints a line when it is ready and reads when to begin, in milliseconds
// of the clock; wants a run every 4 ms; prints the list of those that it got, and holds them until its input ends.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { UsageError } from '../../src/errors.ts';
import { lockRun } from '../../src/train/run-lock.ts';

process.setMaxListeners(0);
const input = createInterface(process.stdin);
console.log('ready');
const [start] = await once(input, 'line');
const got: string[] = [];
for (const [index, path] of process.argv.slice(2).entries()) {
  while (Date.now() < Number(start) + index * 4);
  try {
    await lockRun(path);
    got.push(path);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}
console.log(JSON.stringify(got));
