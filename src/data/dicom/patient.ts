import { open } from 'node:fs/promises';
import dicomParser, { type DataSet } from 'dicom-parser';
import { readBytes } from '../bytes.ts';
import { inflater, isDicom } from './parse.ts';

/** The patient stands near the start of a file, long before the pixels. */
const startBytes = 2 ** 16;
const patientId = 'x00100020';

/**
 * The Patient ID of a DICOM file; undefined where the file is not DICOM, cannot be read, or does not say. Elements that
 * are damaged after it are no concern here.
 */
export async function dicomPatient(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(startBytes), 0, startBytes, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (!isDicom(bytes)) return undefined;
    // Private elements may push it further back, and deflated ones do not unfold in part.
    const data = dataUpToPatient(bytes) ?? dataUpToPatient(await readBytes(file));
    return data?.string(patientId)?.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** What stands before the patient, and that; undefined where the bytes end before they get there. */
function dataUpToPatient(bytes: Uint8Array): DataSet | undefined {
  try {
    return dicomParser.parseDicom(bytes, { untilTag: patientId, inflater } as object);
  } catch (error) {
    const { dataSet } = error as { dataSet?: DataSet };
    return Object.keys(dataSet?.elements ?? {}).some((tag) => tag > patientId) ? dataSet : undefined;
  }
}
