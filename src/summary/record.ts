import { maskedCrc32c } from './crc32c.ts';

/**
 * One record of a TFRecord file: length (uint64), its checksum, `payload`, its checksum; little endian.
 *
 * A reader stops without complaint at a record cut off by a crash, and keeps those before it.
 */
export function frameRecord(payload: Uint8Array): Uint8Array {
  const record = Buffer.alloc(12 + payload.length + 4);
  record.writeUInt32LE(payload.length, 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(payload, 12);
  record.writeUInt32LE(maskedCrc32c(payload), 12 + payload.length);
  return record;
}
