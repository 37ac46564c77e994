// One line each. To add one, write its file and name it here.
export { accuracy } from './accuracy.ts';
export { auroc } from './auroc.ts';
export { dice } from './dice.ts';
export { exactMatch } from './exact-match.ts';
export { iou } from './iou.ts';
export { labelAccuracy } from './label-accuracy.ts';
export { labelAuroc } from './label-auroc.ts';
export { pixelAccuracy } from './pixel-accuracy.ts';
