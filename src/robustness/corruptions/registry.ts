// One line each. To add one, write its file and name it here.
export { biasField } from './bias-field.ts';
export { blur } from './blur.ts';
export { brightness } from './brightness.ts';
export { contrast } from './contrast.ts';
export { gamma } from './gamma.ts';
export { gaussianNoise } from './gaussian-noise.ts';
export { ghosting } from './ghosting.ts';
export { jpeg } from './jpeg.ts';
export { motion } from './motion.ts';
export { occlusion } from './occlusion.ts';
export { resolution } from './resolution.ts';
export { ricianNoise } from './rician-noise.ts';
export { saltAndPepper } from './salt-and-pepper.ts';
export { speckle } from './speckle.ts';
