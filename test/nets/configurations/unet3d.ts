// Rows of 3D U-Nets.

import type { Configuration, Row } from './row.ts';

interface Config {
  readonly pad: 'same' | 'valid';
  readonly bias: boolean;
  readonly up_bias: boolean;
  readonly bn_affine?: boolean;
  readonly base?: number;
}

export function choiceOf({ name, config }: Row): Configuration | undefined {
  if (name !== 'unet3d') return undefined;
  const { pad, bias, up_bias, bn_affine = true, base = 32 } = config as unknown as Config;
  const normalised = { normScale: bn_affine, normOffset: bn_affine };
  const choice = { name, padding: pad, bias, upBias: up_bias, filters: base, ...normalised } as const;
  return { choice, stageOf };
}

function stageOf(theirs: string): string {
  return theirs
    .replace(/^enc/, 'encoder')
    .replace(/^dec/, 'decoder')
    .replace(/^up(\d)/, 'decoder$1.up');
}
