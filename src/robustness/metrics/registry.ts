// One line each. To add one, write its file and name it here.
export { accuracy } from './accuracy.ts';
export { auroc } from './auroc.ts';
export { dice } from './dice.ts';
export { iou } from './iou.ts';
export { pixelAccuracy } from './pixel-accuracy.ts';
