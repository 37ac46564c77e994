// What a file holds, told by its first bytes: names of medical files often say nothing.

import { open } from 'node:fs/promises';
import { gunzipStart, isGzip } from './bytes.ts';
import { isDicom } from './dicom/parse.ts';
import { isNpy } from './npy.ts';

/** `image` is what sharp reads; `zipped` may be NIfTI. */
export type FileKind = 'image' | 'dicom' | 'nifti' | 'npy' | 'zipped';

const imageStarts = ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'RIFF', 'II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

/** More than the 348 bytes that `kindOf` looks at, as they may be gzipped. */
const startBytes = 2 ** 14;

export function kindOf(bytes: Uint8Array): FileKind | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  // DICOM first: its preamble may be the start of a TIFF.
  if (isDicom(bytes)) return 'dicom';
  if (isNpy(bytes)) return 'npy';
  if (isGzip(bytes)) return 'zipped';
  if (imageStarts.some((mark) => start.startsWith(mark))) return 'image';
  const isNifti = ['\x5c\x01\0\0', '\0\0\x01\x5c', '\x1c\x02\0\0', '\0\0\x02\x1c'].includes(start);
  return isNifti ? 'nifti' : undefined;
}

/** The kind of a file, of which only the start is read, NIfTI where that is zipped; undefined where it cannot be read. */
export async function kindOfFile(file: string): Promise<FileKind | undefined> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (!isGzip(bytes)) return kindOf(bytes);
    return kindOf(await gunzipStart(bytes)) === 'nifti' ? 'nifti' : undefined;
  } catch {
    return undefined;
  }
}
