import { defineMetric } from '../metric.ts';
import { areaUnderRoc } from './auroc.ts';

/**
 * Area under the ROC curve of each label, present against absent, and their mean over the labels that are both in the data.
 *
 * Images whose label is not known do not count for it. NaN where no label is both present and absent, and where a logit
 * is NaN. Ties count one half. Range [0, 1]; 0.5 is chance. Not a mean over images, so it has no robustness curve.
 */
export const labelAuroc = defineMetric({
  task: 'multilabel',
  better: 'higher',
  tally() {
    const scores: number[][] = [];
    const present: boolean[][] = [];
    const classes = () =>
      scores.map((own, label) => {
        const there = present[label] as boolean[];
        const both = there.includes(true) && there.includes(false);
        return both && !own.some(Number.isNaN) ? areaUnderRoc(own, there) : Number.NaN;
      });
    return {
      add(logits, labels) {
        const [, count] = labels.shape as [number, number];
        const [values, actual] = [logits.dataSync(), labels.dataSync()];
        for (let label = 0; label < count; label++) {
          scores[label] ??= [];
          present[label] ??= [];
        }
        for (const [place, label] of actual.entries()) {
          if (label < 0) continue;
          // Log-odds: they order images as probabilities do, but without ties near 1.
          scores[place % count]?.push((values[2 * place + 1] as number) - (values[2 * place] as number));
          present[place % count]?.push(label === 1);
        }
      },
      value() {
        if (scores.some((own) => own.some(Number.isNaN))) return Number.NaN;
        const known = classes().filter((area) => !Number.isNaN(area));
        return known.reduce((sum, area) => sum + area, 0) / known.length;
      },
      classes,
    };
  },
});
