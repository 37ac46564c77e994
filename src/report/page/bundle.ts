import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The program of the page in one piece: what client/main.ts (or, compiled, main.js) imports, for any recent browser. */
export async function bundleClient(): Promise<string> {
  const [source, compiled] = ['ts', 'js'].map((extension) =>
    fileURLToPath(new URL(`client/main.${extension}`, import.meta.url)),
  ) as [string, string];
  const { outputFiles } = await build({
    entryPoints: [existsSync(source) ? source : compiled],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
