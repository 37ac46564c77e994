import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs';
import type { Engine, EngineName, Precision } from '../engine/engine.ts';
import { version } from './package-version.ts';

/** What a run was made with, beside its experiment: enough to say why two runs differ. */
export interface Environment {
  readonly medrobust: string;
  readonly node: string;
  readonly tfjs: string;
  readonly engine: EngineName;
  readonly engineDescription: string;
  readonly threads: number;
  /** Absent in runs of versions that had one only: 'float32'. */
  readonly precision?: Precision;
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly platform: string;
  /** As it was typed; absent in runs of versions that did not note it. */
  readonly command?: string;
  /** Of the working directory; ends in "-dirty" where files had changed. */
  readonly commit?: string;
}

export function describeEnvironment(engine: Engine): Environment {
  const commit = gitCommit();
  return {
    medrobust: version(),
    node: process.version,
    tfjs: tf.version_core,
    engine: engine.name,
    engineDescription: engine.description,
    threads: engine.threads,
    precision: engine.precision,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    command: commandLine(),
    ...(commit && { commit }),
  };
}

/** As it can be typed again in a shell. */
function commandLine(): string {
  const [, program = '', ...words] = process.argv;
  const isOurs = /[\\/](main\.[jt]s|medrobust)$/.test(program);
  const start = isOurs ? ['medrobust'] : ['node', program];
  const quoted = (word: string) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return [...start, ...words].map(quoted).join(' ');
}

function gitCommit(): string | undefined {
  try {
    const command = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
    return execFileSync('git', command, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5000,
    }).trim();
  } catch {
    // No git, or no repository: nothing to note.
    return undefined;
  }
}
