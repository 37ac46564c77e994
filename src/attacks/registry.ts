// One line each. To add one, write its file and name it here.
export { apgd } from './apgd.ts';
export { autoAttack } from './auto-attack.ts';
export { bim } from './bim.ts';
export { carliniWagner } from './carlini-wagner.ts';
export { deepFool } from './deep-fool.ts';
export { fab } from './fab.ts';
export { fgsm } from './fgsm.ts';
export { gaussianNoise } from './gaussian-noise.ts';
export { jsma } from './jsma.ts';
export { miFgsm } from './mi-fgsm.ts';
export { pgd } from './pgd.ts';
export { square } from './square.ts';
export { uniformNoise } from './uniform-noise.ts';
export { universal } from './universal.ts';
