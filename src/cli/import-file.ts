// Modules of users, in TypeScript or JavaScript.

import { pathToFileURL } from 'node:url';

export type Exports = Record<string, unknown>;

/**
 * What a file exports; loaded anew at every call.
 *
 * A file that imports nothing but types and files beside it is compiled with these into one module: `tsx`, which takes all
 * others, costs half a second at every start, as it slows down what is loaded after it, too.
 */
export async function importFile(path: string): Promise<Exports> {
  const alone = await importAlone(path).catch(() => undefined);
  if (alone) return alone;
  const { tsImport } = await import('tsx/esm/api');
  return (await tsImport(pathToFileURL(path).href, import.meta.url)) as Exports;
}

/** Undefined for a module that asks for packages, or for the place where it is. */
async function importAlone(path: string): Promise<Exports | undefined> {
  const text = await compile(path);
  if (text === undefined || /\bimport\.meta\b|\b__(dirname|filename)\b/.test(text)) return undefined;
  return (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Exports;
}

async function compile(path: string): Promise<string | undefined> {
  const { buildSync } = await import('esbuild');
  // Its process ends with the call: none is left beside a training.
  const { metafile, outputFiles } = buildSync({
    entryPoints: [path],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  return imported.length === 0 ? outputFiles[0]?.text : undefined;
}
