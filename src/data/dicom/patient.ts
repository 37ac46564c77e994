import { open } from 'node:fs/promises';
import dicomParser from 'dicom-parser';
import { isDicom } from './parse.ts';

/** The patient stands near the start of a file, long before the pixels. */
const startBytes = 2 ** 16;

const notDicom = /\.(jpe?g|png|tiff?|webp|gif|npy|nii|nii\.gz)$/i;

/** Patient ID (0010,0020) of a DICOM file; undefined for other files, and where it is empty or cannot be read. */
export async function dicomPatient(file: string): Promise<string | undefined> {
  if (notDicom.test(file)) return undefined;
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (!isDicom(bytes)) return undefined;
    const data = dicomParser.parseDicom(bytes, { untilTag: 'x00100020' });
    return data.string('x00100020')?.trim() || undefined;
  } catch {
    return undefined;
  }
}
