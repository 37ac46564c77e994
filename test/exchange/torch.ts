// PyTorch beside us, where Python can import it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSafetensors } from '../../src/exchange/safetensors.ts';
import { toFloat32, type Values } from '../../src/exchange/tensors.ts';

const python = process.env.MEDROBUST_PYTHON ?? 'python3';
const script = fileURLToPath(new URL('torch_nets.py', import.meta.url));

/** A net of theirs, as torch_nets.py takes it. */
export interface TorchNet {
  readonly library: 'torchvision' | 'timm';
  readonly name: string;
  readonly arguments: object;
  readonly pixels?: 'imagenet';
}

/** Runs torch_nets.py, which says what `cases` do. Gives why it cannot, where packages are absent. */
export function runTorch(cases: readonly object[]): string | undefined {
  const { status, stderr } = spawnSync(python, [script], { input: JSON.stringify(cases), encoding: 'utf8' });
  if (status === 0) return undefined;
  // null: there is no such program. 3: the script says that it cannot import what it needs.
  if (status === null || status === 3) {
    return `${python} cannot import torch, torchvision, timm and safetensors; MEDROBUST_PYTHON names another`;
  }
  throw new Error(stderr);
}

/** A tensor of a safetensors file. */
export function tensorOf(file: string, name: string): Values {
  const tensor = parseSafetensors(readFileSync(file), file).tensors.get(name)!;
  return { shape: tensor.shape, values: toFloat32(name, tensor) };
}
