// The processes that are timed.

import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundle, type Script } from './bundle.ts';

export interface Settings {
  /** How long each is repeated. */
  readonly seconds: number;
  readonly rounds: number;
  readonly threads: number;
  /** For files of this run. */
  readonly folder: string;
}

export interface Side extends Settings {
  /** Runs a script of this folder in Node, compiled; gives its last line. */
  ours<T>(script: Script, args: readonly string[]): T;
  /** Runs one in Python; absent where that has no PyTorch. */
  readonly torch?: <T>(script: string, args: readonly string[], input?: string) => T;
}

export const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const python = process.env.MEDROBUST_PYTHON ?? 'python3';

function runJson<T>(command: string, args: readonly string[], input?: string): T {
  const output = execFileSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(input !== undefined && { input }),
  });
  return JSON.parse(output.trim().split('\n').at(-1) as string) as T;
}

export async function sides(settings: Settings): Promise<Side> {
  const withTorch = spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
  if (!withTorch) console.error(`PyTorch cannot be imported by ${python}: timing our side only.`);
  const compiled = await bundle();
  return {
    ...settings,
    ours: (script, args) => runJson(process.execPath, [compiled(script), ...args]),
    ...(withTorch && {
      torch: (script, args, input) => runJson(python, ['-B', here(script), ...args], input),
    }),
  };
}
