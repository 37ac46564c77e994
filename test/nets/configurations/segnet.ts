// Rows of SegNet.

import type { Configuration, Row } from './row.ts';

export function choiceOf({ family }: Row): Configuration | undefined {
  return family === 'segnet' ? { choice: { name: 'segnet' }, stageOf } : undefined;
}

/** The last convolution, to the classes, stands by itself in ours. */
function stageOf(theirs: string): string {
  if (theirs === 'dec1') return 'head';
  return theirs.replace(/^enc/, 'encoder').replace(/^dec/, 'decoder');
}
