import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** What is timed on our side. */
const scripts = ['step', 'kernels', 'epoch', 'loader', 'attacks', 'train-net', 'attack-net'] as const;
export type Script = `${(typeof scripts)[number]}.ts`;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = here('../build/bench/');

/**
 * Compiles these scripts, and gives the path of each by its name: what is timed runs compiled, as the program that
 * ships does. `tsx`, which runs TypeScript, would take 90 MB of every process for itself.
 */
export async function bundle(): Promise<(script: Script) => string> {
  await build({
    entryPoints: scripts.map((name) => here(`${name}.ts`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    plugins: [
      {
        name: 'own-addresses',
        setup({ onLoad }) {
          // Modules find their files from where they are.
          onLoad({ filter: /\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            const address = JSON.stringify(pathToFileURL(path).href);
            return { contents: text.replaceAll('import.meta.url', address), loader: 'ts' };
          });
        },
      },
    ],
  });
  return (script) => `${folder}${script.replace(/\.ts$/, '.mjs')}`;
}
