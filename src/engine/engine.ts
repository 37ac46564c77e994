import * as tf from '@tensorflow/tfjs';
import { installGradients } from './gradients/install.ts';

export type EngineName = 'tfjs-node-gpu' | 'onednn' | 'tfjs-node' | 'cpu';

export interface Engine {
  readonly name: EngineName;
  readonly description: string;
  readonly threads: number;
  readonly skipped: readonly { readonly name: EngineName; readonly reason: string }[];
}

/** Stand-in until the native engine is here. */
export async function useEngine(_name: 'auto' | EngineName, _options: { threads?: number } = {}): Promise<Engine> {
  await tf.setBackend('cpu');
  await tf.ready();
  installGradients();
  return { name: 'cpu', description: 'plain JavaScript', threads: 1, skipped: [] };
}

export async function probeEngines(): Promise<{ name: EngineName; works: boolean; reason: string }[]> {
  return [{ name: 'cpu', works: true, reason: '' }];
}
