// One line each. To add one, write its file and name it here.
export { fgsm } from './fgsm.ts';
export { gaussianNoise } from './gaussian-noise.ts';
export { pgd } from './pgd.ts';
