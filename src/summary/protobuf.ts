// The four kinds of protobuf fields that event files need. A message is the concatenation of its fields,
// here in ascending order of their numbers, as the reference encoders write them.

const variableLength = 0;
const eightBytes = 1;
const lengthDelimited = 2;

function varint(value: number): number[] {
  const septets: number[] = [];
  let rest = value;
  // Not by bit shifts: they would cut steps at 32 bits.
  while (rest >= 128) {
    septets.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  septets.push(rest);
  return septets;
}

const tag = (field: number, kind: number) => varint(field * 8 + kind);

/** Any integer type and enums. `value` is a safe integer ≥ 0. */
export function integerField(field: number, value: number): Uint8Array {
  return Buffer.from([...tag(field, variableLength), ...varint(value)]);
}

export function doubleField(field: number, value: number): Uint8Array {
  const encoded = Buffer.from([...tag(field, eightBytes), 0, 0, 0, 0, 0, 0, 0, 0]);
  encoded.writeDoubleLE(value, encoded.length - 8);
  return encoded;
}

/** `bytes`, and strings in UTF-8. */
export function bytesField(field: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([Buffer.from([...tag(field, lengthDelimited), ...varint(bytes.length)]), bytes]);
}

/** A message within a message. */
export function messageField(field: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(field, Buffer.concat(fields));
}
