// Rows of DenseNets.

import type { NetChoice } from '../../../src/nets/create.ts';
import type { Configuration, Row } from './row.ts';

const choices: Readonly<Record<string, NetChoice>> = {
  densenet121: { name: 'densenet', preset: 'densenet121' },
  densenet_40_12: { name: 'densenet', preset: 'densenetCifar40' },
  densenet_bc_100_12: { name: 'densenet', preset: 'densenetBc100' },
};

export function choiceOf({ name }: Row): Configuration | undefined {
  const choice = choices[name];
  return choice && { choice, stageOf };
}

/** Keras counts blocks from the stem on, which is its first convolution. */
function stageOf(theirs: string): string {
  const dense = /^conv(\d)_block\d+_concat$/.exec(theirs);
  if (dense) return `dense${Number(dense[1]) - 1}`;
  const transition = /^pool(\d)_pool$/.exec(theirs);
  if (transition) return `transition${Number(transition[1]) - 1}`;
  const others: Readonly<Record<string, string>> = { conv1_relu: 'conv1', pool1: 'maxpool', relu: 'final' };
  return others[theirs] ?? theirs.replace(/^trans/, 'transition');
}
