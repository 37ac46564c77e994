// One line each. To add one, write its file and name it here.

export { constant } from './constant.ts';
export { cosine } from './cosine.ts';
export { oneCycle } from './one-cycle.ts';
export { plateau } from './plateau.ts';
export { polynomial } from './polynomial.ts';
export { step } from './step.ts';
