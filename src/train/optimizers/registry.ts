// One line each. To add one, write its file and name it here.
export { adam, adamW } from './adam.ts';
export { rmsProp } from './rms-prop.ts';
export { sgd } from './sgd.ts';
