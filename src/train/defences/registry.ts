// One line each. To add one, write its file and name it here.
export { fast } from './fast.ts';
export { free } from './free.ts';
export { mart } from './mart.ts';
export { pgd } from './pgd.ts';
export { segPgd } from './seg-pgd.ts';
export { trades } from './trades.ts';
