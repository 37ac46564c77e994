import { join } from 'node:path';
import { partly, plotCurves } from '../train/callbacks/robustness-measurement.ts';
import type { Evaluation } from '../train/evaluate.ts';
import { makeDirectory, orRunError, replaceFile } from '../train/files.ts';

/** Writes an evaluation as JSON, and its curves as a picture; gives the paths. An earlier one of the name is replaced. */
export async function writeEvaluation(
  directory: string,
  name: string,
  evaluation: Evaluation,
): Promise<string[]> {
  const files = new Map<string, string | Uint8Array>([
    [`${name}.json`, `${JSON.stringify(evaluation, null, 2)}\n`],
  ]);
  if (evaluation.robustness) {
    const { curves, worst } = evaluation.robustness;
    files.set(
      `${name}.png`,
      await plotCurves(`${evaluation.experiment}, ${evaluation.split}${partly(worst)}`, [...curves, worst]),
    );
  }
  await orRunError('Cannot write the evaluation', async () => {
    await makeDirectory(directory);
    for (const [file, content] of files) await replaceFile(join(directory, file), content);
  });
  return [...files.keys()].map((file) => join(directory, file));
}
