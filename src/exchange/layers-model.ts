// Files of tfjs layers models: model.json, and the weights beside it.

import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { messageOf, UsageError } from '../errors.ts';
import { float32Tensor, type StoredTensor, type StoredTensors } from './tensors.ts';

/** What `tf.loadLayersModel({ load: () => … })` takes. Throws `UsageError` for weights that lie outside of its folder. */
export async function readLayersModel(path: string): Promise<tf.io.ModelArtifacts> {
  const json = JSON.parse(await readFile(path, 'utf8')) as tf.io.ModelJSON;
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const paths = manifest.flatMap((group) => group.paths);
    const outside = paths.find((file) => isAbsolute(file) || /^\.\.([\\/]|$)/.test(normalize(file)));
    if (outside !== undefined) {
      throw new UsageError(
        `${path} names the weights ${outside}, expected files in its own folder. Put them there, and name them so.`,
      );
    }
    const files = await Promise.all(paths.map((file) => readFile(resolve(dirname(path), file))));
    const joined = Buffer.concat(files);
    const data = joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.byteLength) as ArrayBuffer;
    return [manifest.flatMap((group) => group.weights), data];
  });
}

/**
 * The layers model of a model.json, ours or anybody's. The caller disposes it. Throws `UsageError` where it cannot be
 * loaded.
 */
export async function openLayersModel(path: string): Promise<tf.LayersModel> {
  try {
    return await tf.loadLayersModel({ load: () => readLayersModel(path) });
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded as a tfjs layers model: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The weights alone, `<layer>/<weight>`; quantised ones as the numbers they stand for. */
export async function readModelWeights(path: string): Promise<StoredTensors> {
  const { weightData, weightSpecs } = await readLayersModel(path);
  const decoded = tf.io.decodeWeights(tf.io.CompositeArrayBuffer.join(weightData), weightSpecs ?? []);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of Object.entries(decoded)) {
    tensors.set(name, float32Tensor(tensor.shape, Float32Array.from(tensor.dataSync())));
  }
  tf.dispose(decoded);
  return tensors;
}

/** What model.json and the weights.bin beside it hold. */
export async function formatLayersModel(
  model: tf.LayersModel,
): Promise<{ model: string; weights: Uint8Array }> {
  let artifacts: tf.io.ModelArtifacts = {};
  const keep = tf.io.withSaveHandler(async (saved) => {
    artifacts = saved;
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
  });
  await model.save(keep);
  const { weightData, weightSpecs, modelTopology, format, generatedBy } = artifacts;
  const json = {
    format,
    generatedBy,
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
  };
  return {
    model: JSON.stringify(json),
    weights: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
  };
}
