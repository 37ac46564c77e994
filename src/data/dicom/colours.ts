// From samples to RGB: PS3.3, sections C.7.6.3.1.2 (colour spaces) and C.7.9 (palettes).

import { decodeNumbers, type NumberArray } from '../numbers.ts';
import { readDescriptor } from './lookup.ts';
import type { DicomImage } from './parse.ts';

/** Full-range Y Cb Cr, as JFIF has it, to RGB; rounded to whole samples. */
function fromYbr(values: NumberArray, largest: number): NumberArray {
  const rgb = values.slice();
  const middle = (largest + 1) / 2;
  const round = (value: number) => Math.min(largest, Math.max(0, Math.floor(value + 0.5)));
  for (let i = 0; i < values.length; i += 3) {
    const luma = values[i] as number;
    const blue = (values[i + 1] as number) - middle;
    const red = (values[i + 2] as number) - middle;
    rgb[i] = round(luma + 1.402 * red);
    rgb[i + 1] = round(luma - ((0.114 * 1.772) / 0.587) * blue - ((0.299 * 1.402) / 0.587) * red);
    rgb[i + 2] = round(luma + 1.772 * blue);
  }
  return rgb;
}

/** Colour samples of a frame as RGB, whatever the colour space they came in. JPEG 2000 is RGB once unpacked. */
export function toRgb(values: NumberArray, { photometric, bitsStored }: DicomImage): NumberArray {
  return photometric.startsWith('YBR_FULL') ? fromYbr(values, 2 ** bitsStored - 1) : values;
}

interface Table {
  readonly first: number;
  readonly bits: number;
  readonly entries: NumberArray;
}

function readTable({ data, syntax, signed }: DicomImage, index: number): Table {
  const descriptor = readDescriptor(data, `x0028110${index + 1}`, signed);
  const element = data.elements[`x0028120${index + 1}`];
  if (data.elements.x00281221) throw new Error('its palette is segmented, which cannot be read');
  if (!element || !descriptor) throw new Error('its palette is missing');
  const { count, first, bits } = descriptor;
  if (bits !== 8 && bits !== 16) throw new Error(`its palette has ${bits} bits, expected 8 or 16`);
  const bytes = data.byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
  // Entries of 8 bits may stand two to a word, or one.
  const packed = bits === 8 && element.length < 2 * count;
  const type = packed ? 'uint8' : 'uint16';
  return { first, bits, entries: decodeNumbers(bytes, 0, count, type, !syntax.bigEndian) };
}

/** RGB of the indices of a frame, in [0, 1]. Indices beyond the palette take its nearest entry. */
export function fromPalette(indices: NumberArray, image: DicomImage): Float32Array {
  const tables = [0, 1, 2].map((index) => readTable(image, index));
  const rgb = new Float32Array(indices.length * 3);
  for (const [sample, { first, bits, entries }] of tables.entries()) {
    for (let i = 0; i < indices.length; i++) {
      const place = Math.min(entries.length - 1, Math.max(0, (indices[i] as number) - first));
      rgb[3 * i + sample] = Math.min(1, (entries[place] as number) / (2 ** bits - 1));
    }
  }
  return rgb;
}
