// One page and its data on the loopback address, for this machine alone. No file is served: there is nothing to look for.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, UsageError } from '../errors.ts';

/** What is shown, read again whenever it is asked for. */
export interface Shown {
  /** Changes when what is shown does; cheap. */
  version(): Promise<string>;
  /** JSON. */
  data(): Promise<string>;
  /** HTML. */
  page(): Promise<string>;
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves until it is closed. `port` 0 takes any that is free. Throws `UsageError` for one that cannot be had. */
export async function servePage(shown: Shown, port: number): Promise<PageServer> {
  const server = createServer((request, response) => {
    answer(shown, request, response).catch((error) => reply(response, 500, `${messageOf(error)}\n`));
  });
  await listen(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used' : 'is in use';
      reject(new UsageError(`--port: port ${port} ${why}. Choose another, or 0 for any that is free.`));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function answer(shown: Shown, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, headers, url } = request;
  // A page from elsewhere whose name was made to lead here asks under its own name.
  const host = headers.host?.replace(/:\d+$/, '');
  if (host !== '127.0.0.1' && host !== 'localhost') return reply(response, 403, 'Open it as 127.0.0.1.\n');
  if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, 'It can only be read.\n');
  if (url === '/')
    return reply(response, 200, await shown.page(), { 'content-type': 'text/html; charset=utf-8' });
  if (url !== '/data.json') return reply(response, 404, 'There is nothing here but the page: open /.\n');
  const etag = `"${await shown.version()}"`;
  if (headers['if-none-match'] === etag) return reply(response, 304, '');
  reply(response, 200, await shown.data(), { 'content-type': 'application/json', etag });
}

function reply(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/plain; charset=utf-8' },
): void {
  response.writeHead(status, {
    ...headers,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
  });
  response.end(body);
}
