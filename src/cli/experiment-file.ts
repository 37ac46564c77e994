// Experiments by name or by file.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UsageError } from '../errors.ts';
import type { Experiment } from '../train/experiment.ts';
import { type Exports, importFile } from './import-file.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

export interface ExperimentFile {
  readonly name: string;
  readonly path: string;
}

/** The experiments of the working directory, then those that come with the package. */
export function listExperiments(): ExperimentFile[] {
  const own = resolve('experiments');
  const shipped = fileURLToPath(new URL('../../experiments', import.meta.url));
  const files = [...new Set([own, shipped])].flatMap((directory) => {
    const names = existsSync(directory) ? readdirSync(directory).sort() : [];
    const found = names.filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)));
    return found.map((name) => ({ name: nameOf(name), path: join(directory, name) }));
  });
  return files.filter(({ name }, i) => files.findIndex((file) => file.name === name) === i);
}

/**
 * The experiment of a name in experiments/, or of a TypeScript or JavaScript file: its default export.
 *
 * Throws `UsageError` where there is none. What it holds is not checked here.
 */
export async function loadExperiment(nameOrPath: string): Promise<Experiment> {
  const path = pathOf(nameOrPath);
  const module = await exportsOf(path);
  const exported = module.default;
  // A CommonJS module arrives with its exports as the default.
  const isCommonJs = isObject(exported) && ('default' in exported || '__esModule' in exported);
  const experiment = isCommonJs ? exported.default : exported;
  if (!isObject(experiment)) {
    throw new UsageError(`${path}: expected "export default { name: …, … }", found ${typeof experiment}.`);
  }
  return experiment as unknown as Experiment;
}

function pathOf(nameOrPath: string): string {
  const looksLikePath = EXTENSIONS.some((extension) => nameOrPath.endsWith(extension));
  if (looksLikePath && existsSync(nameOrPath)) return resolve(nameOrPath);
  const experiments = listExperiments();
  const found = experiments.find(({ name }) => name === nameOrPath);
  if (found) return found.path;
  const names = experiments.map(({ name }) => name).join(', ');
  throw new UsageError(
    looksLikePath
      ? `There is no file ${nameOrPath}.`
      : `There is no experiment "${nameOrPath}". Choose one of: ${names}; or give the path of a .ts or .js file.`,
  );
}

async function exportsOf(path: string): Promise<Exports> {
  try {
    return await importFile(path);
  } catch (error) {
    // The compiler's message shows the place on further lines.
    const [first] = messageOf(error).split('\n');
    throw new UsageError(`${path} cannot be loaded: ${first}`, { cause: error });
  }
}

function nameOf(file: string): string {
  return basename(file).replace(/\.[cm]?[jt]s$/, '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
