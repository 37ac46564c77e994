import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { UsageError } from '../../src/errors.ts';
import { formatSafetensors, parseSafetensors } from '../../src/exchange/safetensors.ts';
import { float32Tensor, type StoredTensor, toFloat32 } from '../../src/exchange/tensors.ts';

const golden = readFileSync(new URL('../golden/exchange/types.safetensors', import.meta.url));

/** A file with this header, and `bytes` of data. */
function fileOf(header: unknown, bytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(bytes)]);
}

const floats = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  test('the reference’s file of every type', () => {
    const { tensors, metadata } = parseSafetensors(golden, 'types');
    assert.deepEqual(metadata, { format: 'pt' });
    const values = (name: string) => Array.from(toFloat32(name, tensors.get(name)!));
    const common = [0, -0, 1.5, -2.25, 0.0999755859375, 65504, Infinity, -Infinity];
    assert.deepEqual(values('f64'), common);
    assert.deepEqual(values('f32'), common);
    // 2 ** -24 and 2 ** -14 − 2 ** -24 are the smallest and the largest number below the normal ones.
    assert.deepEqual(values('f16'), [...common, 2 ** -24, -(2 ** -14 - 2 ** -24)]);
    assert.deepEqual(values('bf16'), [0, -0, 1.5, -2.25, 0.10009765625, 65536, Infinity, -Infinity]);
    assert.deepEqual(values('i64'), [7]);
    assert.deepEqual(values('nan16'), [Number.NaN]);
    assert.deepEqual(tensors.get('i64')!.shape, []);
    assert.deepEqual(tensors.get('f64')!.shape, [2, 4]);
    assert.deepEqual(values('empty'), []);
    assert.throws(() => values('bool'), /of type BOOL; weights can be F64, F32, F16, BF16, I64/);
  });

  test('what is written is read, bit by bit', () => {
    const { tensors } = parseSafetensors(golden, 'types');
    const file = formatSafetensors(tensors, { by: 'us' });
    const again = parseSafetensors(file, 'again');
    assert.deepEqual(again.metadata, { by: 'us' });
    assert.deepEqual([...again.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, tensor] of tensors) {
      const { dtype, shape, bytes } = again.tensors.get(name)!;
      assert.deepEqual({ dtype, shape, bytes: [...bytes] }, { ...tensor, bytes: [...tensor.bytes] });
    }
    assert.equal(
      (file.length - [...tensors.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)) % 8,
      0,
    );
  });

  test('tensors begin where their elements may', () => {
    const byte: StoredTensor = { dtype: 'U8', shape: [3], bytes: new Uint8Array(3) };
    const tensors = new Map([
      ['byte', byte],
      ['floats', float32Tensor([2], new Float32Array([1, 2]))],
    ]);
    const { bytes } = parseSafetensors(formatSafetensors(tensors), 'mixed').tensors.get('floats')!;
    assert.equal(bytes.byteOffset % 4, 0);
  });

  const damages: Readonly<Record<string, [file: Uint8Array, message: RegExp]>> = {
    'an empty file': [new Uint8Array(0), /it has 0 bytes/],
    'a header longer than the file': [golden.subarray(0, 100), /its header has \d+ bytes; the file has 100/],
    'data cut off': [golden.subarray(0, golden.length - 1), /lies at \[\d+,\d+\] of \d+ bytes/],
    'bytes behind': [fileOf({ a: floats([1], 0, 4) }, 5), /its last 1 bytes belong to no tensor/],
    'a gap': [
      fileOf({ a: floats([1], 0, 4), b: floats([1], 5, 9) }, 9),
      /1 bytes before b belong to no tensor/,
    ],
    'an overlap': [fileOf({ a: floats([2], 0, 8), b: floats([1], 4, 8) }, 8), /b overlaps/],
    'a wrong length': [
      fileOf({ a: floats([3], 0, 8) }, 8),
      /a of shape \[3\] and type F32 takes 12 bytes, and has 8/,
    ],
    'offsets in reverse': [fileOf({ a: floats([1], 4, 0) }, 4), /a lies at \[4,0\]/],
    'a negative length': [fileOf({ a: floats([-1], 0, 4) }, 4), /a has the shape \[-1\]/],
    'an unknown type': [fileOf({ a: { ...floats([1], 0, 4), dtype: 'F31' } }, 4), /unknown type "F31"/],
    'no description': [fileOf({ a: 3 }, 4), /a has no type, shape and place/],
    'no JSON': [fileOf('{"a":', 0), /its header is not JSON/],
    'a list': [fileOf([], 0), /its header is not an object/],
  };
  for (const [what, [file, message]] of Object.entries(damages)) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => parseSafetensors(file, 'some.safetensors'),
        (error) =>
          error instanceof UsageError && message.test(error.message) && /^some\.s/.test(error.message),
      );
    });
  }
});
