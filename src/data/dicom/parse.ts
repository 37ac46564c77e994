import { inflateRawSync } from 'node:zlib';
import dicomParser, { type DataSet, type Element } from 'dicom-parser';
import { messageOf } from '../../errors.ts';
import { requireBytes } from '../bytes.ts';
import { type TransferSyntax, transferSyntax } from './transfer-syntax.ts';

/** The most bytes that a deflated file may unfold to: 256 MiB. */
const inflatedBytes = 2 ** 28;

export const photometrics = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_ICT',
  'YBR_RCT',
] as const;

export type Photometric = (typeof photometrics)[number];

/** What a DICOM file says of its image: PS3.3, section C.7.6.3. */
export interface DicomImage {
  readonly syntax: TransferSyntax;
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samples: 1 | 3;
  readonly photometric: Photometric;
  /** Samples of a pixel lie in planes of their own. */
  readonly planar: boolean;
  readonly bitsAllocated: 1 | 8 | 16 | 32;
  readonly bitsStored: number;
  readonly signed: boolean;
  readonly data: DataSet;
  readonly pixels: Element;
}

/** Tags of group 0028, by what they hold. */
const tags = {
  samples: 'x00280002',
  photometric: 'x00280004',
  planar: 'x00280006',
  frames: 'x00280008',
  rows: 'x00280010',
  columns: 'x00280011',
  bitsAllocated: 'x00280100',
  bitsStored: 'x00280101',
  highBit: 'x00280102',
  signed: 'x00280103',
};

/** dicom-parser throws errors, texts, and objects that hold either. */
function reasonOf(error: unknown): string {
  if (typeof error === 'string') return error.replace(/^dicomParser\.\w+: /, '');
  if (error instanceof RangeError || error instanceof TypeError) return 'its elements are damaged';
  if (typeof error === 'object' && error !== null && 'exception' in error) return reasonOf(error.exception);
  return messageOf(error).replace(/^dicomParser\.\w+: /, '');
}

/** Bytes 128 to 131 of a DICOM file. */
export function isDicom(bytes: Uint8Array): boolean {
  return bytes.length >= 132 && String.fromCharCode(...bytes.subarray(128, 132)) === 'DICM';
}

/** Without the file meta information: dicom-parser reads from the start of what it is given. */
export function inflater(bytes: Uint8Array, position: number): Uint8Array {
  try {
    return inflateRawSync(bytes.subarray(position), { maxOutputLength: inflatedBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(`it unfolds to more than ${inflatedBytes} bytes`);
  }
}

function parse(bytes: Uint8Array): { syntax: TransferSyntax; data: DataSet } {
  if (!isDicom(bytes))
    throw new Error('it is not DICOM: it lacks the mark DICM and its file meta information');
  let uid: string | undefined;
  let data: DataSet;
  try {
    uid = dicomParser.readPart10Header(bytes).string('x00020010');
  } catch (error) {
    throw new Error(`its file meta information is damaged (${reasonOf(error)})`);
  }
  const syntax = transferSyntax(uid ?? 'unknown');
  try {
    data = dicomParser.parseDicom(bytes, { inflater } as object);
  } catch (error) {
    throw new Error(`its data set is cut short or damaged (${reasonOf(error)})`);
  }
  return { syntax, data };
}

/** A whole number written as text. */
function textNumber(data: DataSet, tag: string, name: string, byDefault: number): number {
  const text = data.string(tag)?.trim() ?? '';
  if (text === '') return byDefault;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new Error(`its ${name} is "${text.slice(0, 20)}", expected a whole number`);
}

function requireValue(holds: boolean, name: string, value: unknown, expected: string): void {
  if (!holds) throw new Error(`its ${name} is ${value ?? 'missing'}, expected ${expected}`);
}

function checkNumbers(data: DataSet) {
  const [samples, rows, columns] = [tags.samples, tags.rows, tags.columns].map((tag) => data.uint16(tag));
  const [allocated, signed] = [data.uint16(tags.bitsAllocated), data.uint16(tags.signed)];
  requireValue(samples === 1 || samples === 3, 'Samples per Pixel', samples, '1 or 3');
  requireValue((rows ?? 0) > 0, 'Rows', rows, 'at least 1');
  requireValue((columns ?? 0) > 0, 'Columns', columns, 'at least 1');
  requireValue([1, 8, 16, 32].includes(allocated ?? 0), 'Bits Allocated', allocated, '1, 8, 16 or 32');
  requireValue(allocated !== 1 || samples === 1, 'Samples per Pixel', samples, '1 with single bits');
  const bits = allocated as DicomImage['bitsAllocated'];
  const stored = data.uint16(tags.bitsStored) ?? bits;
  requireValue(stored >= 1 && stored <= bits, 'Bits Stored', stored, `1 to ${bits}`);
  const high = data.uint16(tags.highBit) ?? stored - 1;
  requireValue(high === stored - 1, 'High Bit', high, `${stored - 1}, as ${stored} bits are stored`);
  requireValue(
    signed === 0 || signed === 1 || signed === undefined,
    'Pixel Representation',
    signed,
    '0 or 1',
  );
  return {
    samples: samples as 1 | 3,
    rows: rows as number,
    columns: columns as number,
    bitsAllocated: bits,
    bitsStored: stored,
    signed: signed === 1,
  };
}

/**
 * Reads what a DICOM file says of its image, not the pixels themselves.
 *
 * A file without pixels, or whose elements are damaged or contradict each other, throws an `Error` with the reason.
 */
export function parseDicom(bytes: Uint8Array): DicomImage {
  const { syntax, data } = parse(bytes);
  const pixels = data.elements.x7fe00010;
  if (!pixels) {
    const float = data.elements.x7fe00008 ?? data.elements.x7fe00009;
    throw new Error(float ? 'its pixels are floats, expected whole numbers' : 'it holds no pixels');
  }
  const numbers = checkNumbers(data);
  const { samples, rows, columns, bitsAllocated } = numbers;
  const photometric = data.string(tags.photometric)?.trim() as Photometric | undefined;
  const known = photometrics.find((name) => name === photometric);
  requireValue(known !== undefined, 'Photometric Interpretation', photometric, photometrics.join(', '));
  const one = photometric === 'PALETTE COLOR' || photometric?.startsWith('MONOCHROME');
  requireValue(one === (samples === 1), 'Samples per Pixel', samples, `those of ${photometric}`);
  const frames = textNumber(data, tags.frames, 'Number of Frames', 1);
  requireBytes(
    `its ${frames} frames of ${rows} × ${columns}`,
    (frames * rows * columns * samples * bitsAllocated) / 8,
  );
  return {
    ...numbers,
    syntax,
    photometric: photometric as Photometric,
    frames,
    planar: samples === 3 && data.uint16(tags.planar) === 1,
    data,
    pixels,
  };
}
