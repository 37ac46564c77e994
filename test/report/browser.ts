// A page in Chromium, headless, driven by the DevTools protocol over a pipe: opened, clicked, typed at, looked at.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { chromium } from '../exchange/browser.ts';

export { chromium } from '../exchange/browser.ts';

type Result = Record<string, unknown>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Result;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** Addresses that the page asked for, its own first; data inside the page are not among them. */
  readonly requests: readonly string[];
  /** What it logged as errors, and what was thrown in it. */
  readonly errors: string[];
  open(url: string): Promise<void>;
  /** The value of a JavaScript expression in the page; promises are waited for. */
  evaluate<T>(expression: string): Promise<T>;
  press(key: string): Promise<void>;
  /** Moves the pointer, in pixels of the window. */
  point(x: number, y: number): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  scheme(name: 'light' | 'dark'): Promise<void>;
  /** A PNG of the whole page. */
  picture(path: string): Promise<void>;
  close(): Promise<void>;
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

const keys: Readonly<Record<string, { code: number; text?: string }>> = {
  Tab: { code: 9 },
  ' ': { code: 32, text: ' ' },
  Enter: { code: 13, text: '\r' },
  ArrowLeft: { code: 37 },
  ArrowRight: { code: 39 },
};

const twoFrames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))';

/** Commands and their answers, separated by NUL, on the file descriptors 3 and 4. */
function connect(browser: ChildProcess, onEvent: (message: Message) => void) {
  const [, , , input, output] = browser.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, { resolve(result: Result): void; reject(error: Error): void }>();
  let count = 0;
  let rest = Buffer.alloc(0);
  output.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.subarray(0, end).toString()) as Message;
      rest = rest.subarray(end + 1);
      const asked = message.id === undefined ? undefined : waiting.get(message.id);
      if (!asked) onEvent(message);
      else if (message.error) asked.reject(new Error(message.error.message));
      else asked.resolve(message.result ?? {});
    }
  });
  browser.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${chromium} ended`));
  });
  return (method: string, params: Result = {}, sessionId?: string): Promise<Result> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    });
}

/** A browser with one empty page. Whoever opens it closes it. */
export async function openBrowser(): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'medrobust-browser-'));
  const browser = spawn(chromium as string, [...flags, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const requests: string[] = [];
  const errors: string[] = [];
  let loaded = () => {};
  const send = connect(browser, ({ method, params = {} }) => {
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Network.requestWillBeSent') {
      const { url } = params.request as { url: string };
      if (!url.startsWith('data:')) requests.push(url);
    }
    if (method === 'Runtime.exceptionThrown') errors.push(JSON.stringify(params.exceptionDetails));
    if (method === 'Log.entryAdded') errors.push((params.entry as { text: string }).text);
  });
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const tell = (method: string, params: Result = {}) => send(method, params, sessionId as string);
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await tell(`${domain}.enable`);
  await tell('Emulation.setFocusEmulationEnabled', { enabled: true });
  const page: Page = {
    requests,
    errors,
    async open(url) {
      const done = new Promise<void>((resolve) => {
        loaded = resolve;
      });
      await tell('Page.navigate', { url });
      await done;
      // Charts are drawn once their width is known.
      await page.evaluate(twoFrames);
    },
    async evaluate<T>(expression: string) {
      const options = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await tell('Runtime.evaluate', options);
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async press(key) {
      const { code, text } = keys[key] as (typeof keys)[string];
      const event = { key, code: key, windowsVirtualKeyCode: code, ...(text && { text }) };
      await page.evaluate(
        'window.keyCame = false; addEventListener("keydown", () => { keyCame = true; }, { once: true })',
      );
      // On a busy machine a key that follows focus() is lost now and then, before the page hears of it.
      for (let attempt = 0; attempt < 20 && !(await page.evaluate('keyCame')); attempt++) {
        await page.evaluate(twoFrames);
        await tell('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
        await tell('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
        await page.evaluate(twoFrames);
      }
    },
    async point(x, y) {
      await tell('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y });
    },
    async resize(width, height) {
      await tell('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
    },
    async scheme(name) {
      await tell('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: name }],
      });
    },
    async picture(path) {
      const { data } = await tell('Page.captureScreenshot', { captureBeyondViewport: true });
      writeFileSync(path, Buffer.from(data as string, 'base64'));
    },
    async close() {
      const ended = new Promise((resolve) => browser.once('exit', resolve));
      await send('Browser.close').catch(() => browser.kill());
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
  return page;
}
