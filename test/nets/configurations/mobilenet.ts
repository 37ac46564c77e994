// Rows of MobileNets.

import type { Configuration, Row } from './row.ts';

const families: Readonly<Record<string, (width: number) => Configuration>> = {
  mobilenet_v1: (width) => ({ choice: { name: 'mobilenetV1', width }, stageOf: stageV1 }),
  mobilenet_v2: (width) => ({ choice: { name: 'mobilenetV2', width }, stageOf: stageV2 }),
};

export function choiceOf({ name, config }: Row): Configuration | undefined {
  return families[name]?.(config.alpha as number);
}

/** Keras counts the blocks of all stages in a row. */
function blockAt(index: number, depths: readonly number[]): string {
  let left = index;
  for (const [stage, depth] of depths.entries()) {
    if (left < depth) return `stage${stage + 1}.${left + 1}`;
    left -= depth;
  }
  throw new Error(`there is no block ${index}`);
}

function stageV1(theirs: string): string {
  const block = /^conv_pw_(\d+)_relu$/.exec(theirs);
  return block ? `${blockAt(Number(block[1]) - 1, [1, 2, 2, 6, 2])}.pointwise.relu` : 'conv1';
}

function stageV2(theirs: string): string {
  if (theirs === 'Conv1_relu') return 'conv1';
  if (theirs === 'out_relu') return 'head';
  if (theirs === 'expanded_conv_project_BN') return 'stage1';
  const [, index, layer] = /^block_(\d+)_(add|project_BN)$/.exec(theirs)!;
  return `${blockAt(Number(index), [1, 2, 3, 4, 3, 3, 1])}.${layer === 'add' ? 'add' : 'project.norm'}`;
}
