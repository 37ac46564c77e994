// DICOM files for tests, written element by element: PS3.5, section 7, and PS3.10, section 7.

export interface DicomFile {
  readonly syntax?: string;
  readonly rows: number;
  readonly columns: number;
  readonly bits?: 1 | 8 | 16 | 32;
  readonly stored?: number;
  readonly signed?: boolean;
  readonly photometric?: string;
  readonly planar?: boolean;
  readonly samples?: number;
  readonly frames?: string;
  /** The bytes of the pixels: plain, or the fragments of encapsulated ones. */
  readonly pixels: Uint8Array | readonly Uint8Array[];
  /** Further elements of group 0028: the last four digits of the tag, type and value. */
  readonly more?: readonly Element[];
  readonly patient?: string;
}

type Element = readonly [tag: number, vr: string, value: string | number | readonly number[] | Uint8Array];

export const syntaxes = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  deflated: '1.2.840.10008.1.2.1.99',
  bigEndian: '1.2.840.10008.1.2.2',
  rle: '1.2.840.10008.1.2.5',
};

function valueBytes(vr: string, value: Element[2], bigEndian: boolean): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (typeof value === 'string')
    return Buffer.from(value.length % 2 ? `${value}${vr === 'UI' ? '\0' : ' '}` : value);
  const numbers = typeof value === 'number' ? [value] : value;
  const bytes = Buffer.alloc(2 * numbers.length);
  for (const [i, number] of numbers.entries()) {
    if (bigEndian) bytes.writeUInt16BE(number & 0xffff, 2 * i);
    else bytes.writeUInt16LE(number & 0xffff, 2 * i);
  }
  return bytes;
}

function element(group: number, [tag, vr, value]: Element, bigEndian: boolean, implicit: boolean): Buffer {
  const bytes = valueBytes(vr, value, bigEndian);
  const wide = ['OB', 'OW', 'SQ', 'UN'].includes(vr);
  const head = Buffer.alloc(implicit || !wide ? 8 : 12);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  view.setUint16(0, group, !bigEndian);
  view.setUint16(2, tag, !bigEndian);
  if (implicit) view.setUint32(4, bytes.length, true);
  else {
    head.write(vr, 4, 'latin1');
    if (wide) view.setUint32(8, bytes.length, !bigEndian);
    else view.setUint16(6, bytes.length, !bigEndian);
  }
  return Buffer.concat([head, bytes]);
}

/** Fragments after an empty offset table: PS3.5, table A.4-1. */
function encapsulated(fragments: readonly Uint8Array[]): Buffer {
  const item = (bytes: Uint8Array) => {
    const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    head.writeUInt32LE(bytes.length + (bytes.length % 2), 4);
    return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]);
  };
  const start = Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  const end = Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  return Buffer.concat([start, item(Buffer.alloc(0)), ...fragments.map(item), end]);
}

/** The bytes of a file; `deflate` packs the data set where the syntax asks for it. */
export function dicomBytes(file: DicomFile, deflate = (bytes: Buffer) => bytes): Buffer {
  const { syntax = syntaxes.explicit, rows, columns, bits = 16, stored = bits, signed = false } = file;
  const {
    patient = '',
    photometric = 'MONOCHROME2',
    planar = false,
    samples = 1,
    frames,
    pixels,
    more = [],
  } = file;
  const bigEndian = syntax === syntaxes.bigEndian;
  const implicit = syntax === syntaxes.implicit;
  const image: Element[] = [
    [0x0002, 'US', samples],
    [0x0004, 'CS', photometric],
    [0x0006, 'US', planar ? 1 : 0],
    ...(frames === undefined ? [] : [[0x0008, 'IS', frames] as const]),
    [0x0010, 'US', rows],
    [0x0011, 'US', columns],
    [0x0100, 'US', bits],
    [0x0101, 'US', stored],
    [0x0102, 'US', stored - 1],
    [0x0103, 'US', signed ? 1 : 0],
    ...more,
  ];
  const body = [
    element(0x0010, [0x0020, 'LO', patient], bigEndian, implicit),
    ...image.map((one) => element(0x0028, one, bigEndian, implicit)),
    pixels instanceof Uint8Array
      ? element(0x7fe0, [0x0010, bits > 8 ? 'OW' : 'OB', pixels], bigEndian, implicit)
      : encapsulated(pixels),
  ];
  const uid = element(0x0002, [0x0010, 'UI', syntax], false, false);
  const length = Buffer.alloc(12);
  length.set([2, 0, 0, 0, 0x55, 0x4c, 4, 0]);
  length.writeUInt32LE(uid.length, 8);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, uid, deflate(Buffer.concat(body))]);
}

/** Numbers as the bytes of pixels. */
export function pixelBytes(values: readonly number[], bits: 8 | 16 | 32, bigEndian = false): Buffer {
  const bytes = Buffer.alloc((values.length * bits) / 8);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [i, value] of values.entries()) {
    if (bits === 8) view.setUint8(i, value);
    else if (bits === 16) view.setUint16(2 * i, value & 0xffff, !bigEndian);
    else view.setUint32(4 * i, value, !bigEndian);
  }
  return bytes;
}

/** One RLE segment a byte of a sample, all literal runs: PS3.5, annex G. */
export function rleBytes(planes: readonly Uint8Array[]): Buffer {
  const segments = planes.map((plane) => {
    const runs: Buffer[] = [];
    for (let at = 0; at < plane.length; at += 128) {
      const run = plane.subarray(at, at + 128);
      runs.push(Buffer.from([run.length - 1, ...run]));
    }
    const bytes = Buffer.concat(runs);
    return bytes.length % 2 ? Buffer.concat([bytes, Buffer.from([0x80])]) : bytes;
  });
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let offset = 64;
  for (const [i, segment] of segments.entries()) {
    header.writeUInt32LE(offset, 4 + 4 * i);
    offset += segment.length;
  }
  return Buffer.concat([header, ...segments]);
}
