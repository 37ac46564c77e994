// Reads event files back: the framing and the protobuf wire format, with every checksum compared.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { maskedCrc32c } from '../../src/summary/crc32c.ts';

type Message = Map<number, (Buffer | number)[]>;

function decodeMessage(bytes: Buffer): Message {
  const fields: Message = new Map();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => {
    assert.ok(at + length <= bytes.length, 'a field beyond its message');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    assert.ok(kind <= 2, `wire type ${kind}`);
    const value = kind === 0 ? varint() : take(kind === 1 ? 8 : varint());
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

const message = (from: Message, field: number) => decodeMessage(from.get(field)?.[0] as Buffer);
const text = (from: Message, field: number) => from.get(field)?.[0]?.toString();
const integer = (from: Message, field: number) => Number(from.get(field)?.[0] ?? 0);

export interface DecodedEvent {
  wallTime: number;
  step: number;
  fileVersion?: string | undefined;
  sessionStatus?: number;
  tag?: string | undefined;
  plugin?: string | undefined;
  /** Of the plug-in's data: a message of its own. */
  pluginContent?: Buffer | undefined;
  /** A `tensorflow.GraphDef`. */
  graph?: Buffer | undefined;
  description?: string | undefined;
  dataClass?: number;
  shape?: number[];
  content?: Buffer | undefined;
  strings?: Buffer[];
}

export function decodeEvent(bytes: Buffer): DecodedEvent {
  const event = decodeMessage(bytes);
  const [wallTime] = event.get(1) as Buffer[];
  assert.ok(wallTime, 'no wall time');
  const decoded = { wallTime: wallTime.readDoubleLE(), step: integer(event, 2) };
  if (event.has(3)) return { ...decoded, fileVersion: text(event, 3) };
  if (event.has(4)) return { ...decoded, graph: event.get(4)?.[0] as Buffer };
  if (event.has(7)) return { ...decoded, sessionStatus: integer(message(event, 7), 1) };
  const value = message(message(event, 5), 1);
  const tensor = message(value, 8);
  const metadata = message(value, 9);
  const dimensions = message(tensor, 2).get(2) ?? [];
  return {
    ...decoded,
    tag: text(value, 1),
    plugin: text(message(metadata, 1), 1),
    pluginContent: message(metadata, 1).get(2)?.[0] as Buffer | undefined,
    description: text(metadata, 3),
    dataClass: integer(metadata, 4),
    shape: dimensions.map((dimension) => integer(decodeMessage(dimension as Buffer), 1)),
    content: tensor.get(4)?.[0] as Buffer | undefined,
    strings: (tensor.get(8) ?? []) as Buffer[],
  };
}

export function decodeRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(file.readUInt32LE(at + 8), maskedCrc32c(file.subarray(at, at + 8)), 'checksum of a length');
    const payload = file.subarray(at + 12, at + 12 + length);
    assert.equal(file.readUInt32LE(at + 12 + length), maskedCrc32c(payload), 'checksum of a payload');
    records.push(payload);
    at += 16 + length;
  }
  return records;
}

/** The event files of a directory in the order of their names, as TensorBoard reads them. */
export function eventFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.includes('tfevents'))
    .sort()
    .map((name) => join(directory, name));
}

export function readEvents(path: string): DecodedEvent[] {
  return decodeRecords(readFileSync(path)).map(decodeEvent);
}
