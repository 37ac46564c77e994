// One line each. To add one, write its file and name it here.
export { colourJitter } from './colour-jitter.ts';
export { cutmix } from './cutmix.ts';
export { cutout } from './cutout.ts';
export { elastic } from './elastic.ts';
export { flip } from './flip.ts';
export { gamma } from './gamma.ts';
export { mixup } from './mixup.ts';
export { noise } from './noise.ts';
export { rotate } from './rotate.ts';
export { scale } from './scale.ts';
export { shift } from './shift.ts';
export { stainJitter } from './stain-jitter.ts';
