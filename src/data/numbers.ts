// Numbers as files hold them: a type, an order of bytes, one after another.

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

const arrays = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

export type NumberType = keyof typeof arrays;

/** Bytes of one number. */
export function bytesOf(type: NumberType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}

/**
 * `count` numbers out of `bytes`, from byte `offset` on, in memory of their own. 64-bit integers become
 * float64, exact up to 2⁵³. Missing bytes throw an `Error`.
 */
export function decodeNumbers(
  bytes: Uint8Array,
  offset: number,
  count: number,
  type: NumberType,
  littleEndian: boolean,
): NumberArray {
  const width = bytesOf(type);
  const missing = offset + count * width - bytes.length;
  if (missing > 0) throw new Error(`its last ${missing} bytes are missing`);
  // A copy, since a typed array must start at a multiple of its width.
  const own = Buffer.from(new Uint8Array(bytes.subarray(offset, offset + count * width)).buffer);
  if (!littleEndian && width === 2) own.swap16();
  if (!littleEndian && width === 4) own.swap32();
  if (!littleEndian && width === 8) own.swap64();
  const values = new arrays[type](own.buffer as ArrayBuffer);
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
    return Float64Array.from(values as BigInt64Array, Number);
  }
  return values;
}
