// One line each. To add one, write its file and name it here.

export type { LossName } from './create.ts';
export { crossEntropy } from './cross-entropy.ts';
export { diceCrossEntropy } from './dice-cross-entropy.ts';
export { margin } from './margin.ts';
