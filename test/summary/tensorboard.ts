// A TensorBoard of its own for a test, asked as its page asks it.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const tensorboard = process.env.MEDROBUST_TENSORBOARD ?? 'tensorboard';
const installed = spawnSync(tensorboard, ['--version'], { encoding: 'utf8', timeout: 60_000 }).status === 0;
/** Why tests are skipped; false where TensorBoard is installed. */
export const skip = installed
  ? false
  : 'no TensorBoard: put it on the PATH, or its path in MEDROBUST_TENSORBOARD';

export interface TensorBoard {
  /** Why the loader that was asked for is not there: its package has no program for every platform. */
  readonly refusal?: string;
  /** What is below /data/plugin/. */
  plugin(path: string, init?: RequestInit): Promise<Response>;
  // biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign server's answers is what is tested.
  json(path: string): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  post(path: string, body: object): Promise<any>;
  close(): void;
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** Waits until `isLoaded`, at most a minute. Whoever opens it closes it. */
export async function openTensorBoard(
  directory: string,
  loadFast: boolean,
  isLoaded: (board: TensorBoard) => Promise<boolean>,
): Promise<TensorBoard> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const flags = [`--load_fast=${loadFast}`, '--host=127.0.0.1', `--port=${port}`];
  const server: ChildProcess = spawn(tensorboard, [`--logdir=${directory}`, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let refusal: string | undefined;
  server.stderr?.on('data', (text) => {
    refusal ??= /^.*load_fast=true not available.*$/m.exec(`${text}`)?.[0];
  });
  const plugin = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${address}/data/plugin/${path}`, init);
    assert.equal(response.status, 200, path);
    return response;
  };
  const headers = { 'content-type': 'application/json' };
  const board: TensorBoard = {
    plugin,
    json: async (path) => (await plugin(path)).json(),
    post: async (path, body) =>
      (await plugin(path, { method: 'POST', headers, body: JSON.stringify(body) })).json(),
    close: () => server.kill(),
  };
  const deadline = Date.now() + 60_000;
  while (refusal === undefined && !(await isLoaded(board).catch(() => false))) {
    if (Date.now() > deadline) {
      board.close();
      assert.fail('TensorBoard did not show the run within a minute');
    }
    await sleep(200);
  }
  return refusal === undefined ? board : { ...board, refusal };
}
