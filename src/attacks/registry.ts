// One line each. To add one, write its file and name it here.
export { asma } from './asma.ts';
export { bim } from './bim.ts';
export { cosPgd } from './cos-pgd.ts';
export { dag } from './dag.ts';
export { fgsm } from './fgsm.ts';
export { gaussianNoise } from './gaussian-noise.ts';
export { miFgsm } from './mi-fgsm.ts';
export { pgd } from './pgd.ts';
export { sea } from './sea.ts';
export { segBisection } from './seg-bisection.ts';
export { segPgd } from './seg-pgd.ts';
export { uniformNoise } from './uniform-noise.ts';
