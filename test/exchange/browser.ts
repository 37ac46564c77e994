// A page in Chromium, headless, that has tfjs from node_modules and nothing of ours.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** Undefined where none is installed. */
export const chromium = programs.find((program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const tfjs = fileURLToPath(import.meta.resolve('@tensorflow/tfjs')).replace(/dist\/.*$/, 'dist/tf.min.js');

/** Loads /model.json, asks /images.json for images, and sends back what the net makes of them. */
const page = `<!doctype html><script src="/tf.js"></script><script type="module">
  const send = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
  try {
    const { shape, values } = await (await fetch('/images.json')).json();
    const model = await tf.loadGraphModel('/model.json');
    const output = model.predict(tf.tensor(values, shape));
    await send({ backend: tf.getBackend(), shape: output.shape, values: Array.from(await output.data()) });
  } catch (error) {
    await send({ error: String(error) });
  }
</script>`;

export interface PageResult {
  readonly backend?: string;
  readonly shape?: number[];
  readonly values?: number[];
  readonly error?: string;
}

/** What a page makes of `images` with a graph model. Rejects where Chromium ends without a word. */
export async function predictInBrowser(
  files: Readonly<Record<string, string | Uint8Array>>,
  images: { readonly shape: readonly number[]; readonly values: readonly number[] },
): Promise<PageResult> {
  const served: Readonly<Record<string, () => string | Uint8Array>> = {
    '/': () => page,
    '/tf.js': () => readFileSync(tfjs),
    '/images.json': () => JSON.stringify(images),
    '/model.json': () => files['model.json']!,
    '/weights.bin': () => files['weights.bin']!,
  };
  const types = { '/': 'text/html', '/tf.js': 'text/javascript' } as Readonly<Record<string, string>>;
  const profile = mkdtempSync(join(tmpdir(), 'medrobust-page-'));
  let server: Server | undefined;
  let browser: ChildProcess | undefined;
  try {
    return await new Promise<PageResult>((resolve, reject) => {
      server = createServer((request, response) => {
        const path = request.url!;
        if (path === '/result') {
          const parts: Buffer[] = [];
          request.on('data', (part: Buffer) => parts.push(part));
          request.on('end', () => {
            response.end();
            resolve(JSON.parse(Buffer.concat(parts).toString()) as PageResult);
          });
          return;
        }
        response.writeHead(served[path] ? 200 : 404, {
          'content-type': types[path] ?? 'application/octet-stream',
        });
        response.end(served[path]?.());
      });
      server.listen(0, '127.0.0.1', () => {
        const { port } = server!.address() as AddressInfo;
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
        browser = spawn(chromium!, [...flags, `http://127.0.0.1:${port}/`], { stdio: 'ignore' });
        browser.on('error', reject);
        browser.on('exit', (code) =>
          reject(new Error(`${chromium} ended with ${code} before the page answered`)),
        );
      });
    });
  } finally {
    await ended(browser);
    server?.closeAllConnections();
    server?.close();
    // Processes of the browser may outlive it for a moment, and write on: what is left then is the system's to clear.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }).catch(() => {});
  }
}

function ended(browser: ChildProcess | undefined): Promise<void> {
  if (!browser || browser.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    browser.on('exit', () => resolve());
    browser.kill();
  });
}
