// What plain tfjs, in a process of its own with nothing of ours, makes of exported nets.

import { execFileSync } from 'node:child_process';

export interface PlainCase {
  /** A directory with model.json and weights.bin. */
  readonly directory: string;
  readonly shape: readonly number[];
  /** Of the images, row by row. */
  readonly images: readonly number[];
}

const program = `
  import { readFileSync } from 'node:fs';
  import * as tf from '@tensorflow/tfjs';
  const cases = JSON.parse(readFileSync(0, 'utf8'));
  const results = [];
  for (const { directory, shape, images } of cases) try {
    const json = JSON.parse(readFileSync(directory + '/model.json', 'utf8'));
    const weightData = new Uint8Array(readFileSync(directory + '/weights.bin')).buffer;
    const weightSpecs = json.weightsManifest[0].weights;
    const model = await tf.loadGraphModel(tf.io.fromMemory({ ...json, weightSpecs, weightData }));
    const output = model.predict(tf.tensor(images, shape));
    results.push({ shape: output.shape, values: Array.from(output.dataSync()) });
  } catch (error) {
    results.push({ error: error.stack });
  }
  process.stdout.write('\\nRESULT' + JSON.stringify(results));
`;

export interface PlainResult {
  readonly shape?: number[];
  readonly values?: number[];
  /** Where it did not get that far. */
  readonly error?: string;
}

/** The logits of each. */
export function predictInPlainTfjs(cases: readonly PlainCase[]): PlainResult[] {
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: new URL('../..', import.meta.url),
    input: JSON.stringify(cases),
    maxBuffer: 2 ** 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return JSON.parse(printed.toString().split('RESULT')[1]!);
}
