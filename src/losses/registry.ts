// One line each. To add one, write its file and name it here.

export { binaryCrossEntropy } from './binary-cross-entropy.ts';
export { boundary } from './boundary.ts';
export { crossEntropy } from './cross-entropy.ts';
export { dice } from './dice.ts';
export { diceCrossEntropy } from './dice-cross-entropy.ts';
export { focal } from './focal.ts';
export { generalisedDice } from './generalised-dice.ts';
export { margin } from './margin.ts';
export { tversky } from './tversky.ts';
