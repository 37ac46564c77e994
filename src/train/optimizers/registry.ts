// One line each. To add one, write its file and name it here.
export { adam } from './adam.ts';
export { sgd } from './sgd.ts';
