import { join } from 'node:path';
import { summaryFileWriter } from '../summary/writer.ts';
import type { Diagnosis } from '../train/diagnose.ts';
import { makeDirectory, orRunError, replaceFile } from '../train/files.ts';
import { openLog } from '../train/log.ts';
import { markdownOf } from './diagnosis-table.ts';

interface Place {
  readonly directory: string;
  readonly name: string;
  /** Whose log hears of the flags; absent for a net from elsewhere. */
  readonly run?: string;
}

/**
 * Writes a diagnosis as JSON, an earlier one of the name being replaced; gives the paths.
 *
 * Of a run, the flags go into its log, and the whole as text to TensorBoard: into a file below the run, as
 * TensorBoard would leave the events of a run that still trains for a newer file beside them.
 */
export async function writeDiagnosis(
  diagnosis: Diagnosis,
  { directory, name, run }: Place,
): Promise<string[]> {
  const path = join(directory, `${name}.json`);
  await orRunError('Cannot write the diagnosis', async () => {
    await makeDirectory(directory);
    await replaceFile(path, `${JSON.stringify(diagnosis, null, 2)}\n`);
    if (run === undefined) return;
    using log = openLog(join(run, 'log.jsonl'));
    for (const flag of diagnosis.flags) log.warn({ diagnosis: name }, `diagnosis ${name}: ${flag}`);
    const summary = summaryFileWriter(directory);
    summary.text(`diagnosis/${name}`, markdownOf(diagnosis), 0);
    summary.close();
  });
  return [path];
}
