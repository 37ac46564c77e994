// One line each. To add one, write its file and name it here.
export { bim } from './bim.ts';
export { fgsm } from './fgsm.ts';
export { gaussianNoise } from './gaussian-noise.ts';
export { miFgsm } from './mi-fgsm.ts';
export { pgd } from './pgd.ts';
export { uniformNoise } from './uniform-noise.ts';
