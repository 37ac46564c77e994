import { readFile } from 'node:fs/promises';
import { messageOf, RunError, UsageError } from '../errors.ts';
import { readModelWeights } from './layers-model.ts';
import { parseSafetensors } from './safetensors.ts';
import type { StoredTensors } from './tensors.ts';

const advice =
  'Give a .safetensors file or the model.json of a tfjs layers model. From PyTorch, save with ' +
  'safetensors.torch.save_file(model.state_dict(), …).';

/** All tensors of a file of weights. Throws `UsageError` for one that is absent or none of the formats. */
export async function readWeightsFile(path: string): Promise<StoredTensors> {
  if (path.endsWith('.safetensors')) return parseSafetensors(await read(path), path).tensors;
  if (!path.endsWith('.json')) throw new UsageError(`${path}: unknown kind of weights file. ${advice}`);
  try {
    return await readModelWeights(path);
  } catch (error) {
    throw new UsageError(`${path} cannot be read as a tfjs layers model: ${messageOf(error)}. ${advice}`, {
      cause: error,
    });
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new UsageError(`There is no file ${path}.`);
    throw new RunError(`${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
