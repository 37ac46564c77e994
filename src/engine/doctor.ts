// What `medrobust doctor` shows: what is here, what is not, and what to do about it.

import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';
import { type EngineName, probeEngines } from './engine.ts';
import { loadBinding } from './onednn/binding.ts';
import { physicalCores } from './threads.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was found, in one line. */
  readonly detail: string;
  /** What to do, where something is wrong. */
  readonly advice?: string;
}

type Probe = () => Promise<Omit<Check, 'name'>> | Omit<Check, 'name'>;

const run = promisify(execFile);

function node(): Omit<Check, 'name'> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 12);
  return { ok, detail: process.version, ...(!ok && { advice: 'Install Node 20.12 or newer.' }) };
}

async function compiler(): Promise<Omit<Check, 'name'>> {
  for (const command of process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++']) {
    try {
      const { stdout } = await run(command, ['--version']);
      return { ok: true, detail: stdout.split('\n')[0] ?? command };
    } catch {
      // The next one.
    }
  }
  return { ok: false, detail: 'none found', advice: 'Install one, for instance "apt-get install g++".' };
}

function oneDnn(): Omit<Check, 'name'> {
  const advice = 'Install oneDNN ("apt-get install libdnnl-dev"), then run "npm run build:native".';
  try {
    const { oneDnn: version, instructions, parallel } = loadBinding().build;
    const detail = [version || 'built without', instructions, parallel || 'one thread only'].join(', ');
    return version && parallel ? { ok: true, detail } : { ok: false, detail, advice };
  } catch (error) {
    return { ok: false, detail: messageOf(error), advice };
  }
}

function threads(): Omit<Check, 'name'> {
  return { ok: true, detail: `${physicalCores()} physical cores, ${availableParallelism()} logical` };
}

/** Reads and writes images of data sets and reports. */
async function sharp(): Promise<Omit<Check, 'name'>> {
  const { default: image } = await import('sharp');
  const { data } = await image({ create: { width: 2, height: 2, channels: 3, background: '#010203' } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { ok: data[0] === 1, detail: `sharp ${image.versions.sharp}, libvips ${image.versions.vips}` };
}

const gibibyte = 2 ** 30;

/** Of the folder in which runs are saved. */
async function disk(): Promise<Omit<Check, 'name'>> {
  const { bavail, bsize } = await statfs('.');
  const free = (bavail * bsize) / gibibyte;
  const ok = free > 1;
  return {
    ok,
    detail: `${free.toFixed(1)} GiB free`,
    ...(!ok && { advice: 'Make room: checkpoints need about 1 GiB.' }),
  };
}

const probes: Readonly<Record<string, Probe>> = {
  node,
  'C++ compiler': compiler,
  oneDNN: oneDnn,
  threads,
  sharp,
  disk,
};

/** Optional packages are no fault where they are missing; a fast engine is one. */
async function engines(): Promise<Check[]> {
  const results = await probeEngines();
  const fast = results.some(({ name, works }) => works && name !== 'cpu');
  const needed = (name: EngineName) => name === 'onednn' && !fast;
  return results.map(({ name, works, reason }) => ({
    name: `engine ${name}`,
    ok: works || !needed(name),
    detail: works ? reason : `not available: ${reason}`,
    ...(!works && needed(name) && { advice: 'Run "npm run build:native" for a fast engine.' }),
  }));
}

/** Looks at everything; never throws. Afterwards, the engine in use is the one that was. */
export async function diagnose(): Promise<{ readonly checks: readonly Check[] }> {
  const checks: Check[] = [];
  for (const [name, probe] of Object.entries(probes)) {
    try {
      checks.push({ name, ...(await probe()) });
    } catch (error) {
      checks.push({ name, ok: false, detail: messageOf(error), advice: 'Run "npm ci" again.' });
    }
  }
  return { checks: [...checks, ...(await engines())] };
}
