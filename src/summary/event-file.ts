// One event file, written behind a queue.

import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { frameRecord } from './record.ts';

/** Appends events to a file of its own. */
export interface EventFile {
  readonly path: string;
  /** Queues an encoded `tensorflow.Event`. */
  append(event: Uint8Array): void;
  /** Hands the queue to the operating system. */
  flush(): void;
  /** Flushes and closes; again, it does nothing. */
  close(): void;
}

let filesOfThisProcess = 0;
const openFiles = new Set<EventFile>();

/** A program that just ends, without closing its writers, loses nothing. */
function flushAtExit(): void {
  for (const file of openFiles) {
    try {
      file.close();
    } catch (error) {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  }
}

/**
 * Seconds since 1970, or one after the latest event file in `directory`: TensorBoard reads the files of a run
 * in the order of their names, so a session must sort after those before it, even if the clock was set back.
 */
function timeForName(directory: string): number {
  const times = readdirSync(directory).map((name) => Number(/\.tfevents\.(\d{10})\./.exec(name)?.[1] ?? 0));
  return Math.max(Math.floor(Date.now() / 1000), ...times.map((time) => time + 1));
}

function createFile(directory: string, suffix: string): { path: string; descriptor: number } {
  try {
    mkdirSync(directory, { recursive: true });
    const host = hostname().replace(/[^\w.-]/g, '_');
    const unique = `${host}.${process.pid}.${filesOfThisProcess++}`;
    const path = join(directory, `events.out.tfevents.${timeForName(directory)}.${unique}${suffix}`);
    return { path, descriptor: openSync(path, 'wx') };
  } catch (error) {
    throw new RunError(
      `Cannot write TensorBoard events in ${directory}: ${messageOf(error)}. Make it a writable directory.`,
    );
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/**
 * Creates `directory` where needed and a new event file in it; never touches another.
 *
 * Written out when `maxQueue` events wait, `flushMillis` after the first of them, on `flush`, `close`, and when
 * the process exits; the timer does not keep a process alive. Throws `RunError` when the file cannot be written;
 * a failure of the timer's is thrown by the next call.
 */
export function createEventFile(
  directory: string,
  { maxQueue, flushMillis, suffix }: { maxQueue: number; flushMillis: number; suffix: string },
): EventFile {
  const { path, descriptor } = createFile(directory, suffix);
  let queue: Uint8Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  let failure: RunError | undefined;
  let closed = false;

  /** Keeps a failure: what follows a record that was cut off could not be read. */
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    if (failure || queue.length === 0) return;
    const records = Buffer.concat(queue);
    queue = [];
    try {
      writeAll(descriptor, records);
    } catch (error) {
      failure = new RunError(
        `Cannot write TensorBoard events to ${path}: ${messageOf(error)}. Free disk space, then resume the run.`,
      );
    }
  };
  const file: EventFile = {
    path,
    append(event) {
      if (closed) throw new UsageError(`TensorBoard events: ${path} is closed. Write before close().`);
      queue.push(frameRecord(event));
      timer ??= setTimeout(write, flushMillis).unref();
      if (queue.length >= maxQueue) file.flush();
      else if (failure) throw failure;
    },
    flush() {
      write();
      if (failure) throw failure;
    },
    close() {
      if (closed) return;
      closed = true;
      openFiles.delete(file);
      write();
      closeSync(descriptor);
      if (failure) throw failure;
    },
  };
  openFiles.add(file);
  if (!process.listeners('exit').includes(flushAtExit)) process.on('exit', flushAtExit);
  return file;
}
