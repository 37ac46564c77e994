// Robustness curves on the TensorBoard of a `model.fit`.

import { createRandom } from '../../../random.ts';
import type { RobustnessCurves } from '../../../robustness/curve.ts';
import type { Classifier } from '../../../robustness/target.ts';
import { drawExamples } from '../../examples.ts';
import { attackedImages } from '../../measure.ts';
import { plotCurves } from '../robustness-measurement.ts';
import { robustnessCharts } from '../tensorboard.ts';
import type { Settings } from './adversarial-options.ts';
import type { Board } from './board.ts';
import { curveTable } from './curve-table.ts';
import type { Subject } from './subject.ts';

export interface Finding {
  /** By their names in the logs. */
  readonly measured: Readonly<Record<string, number>>;
  readonly curves: RobustnessCurves;
  readonly flags: readonly string[];
  readonly target: Classifier;
  readonly subject: Subject;
}

/** The figures, the curves as a picture and as a table, and some images attacked at the middle epsilon. */
export async function drawOn(
  board: Board,
  step: number,
  finding: Finding,
  settings: Settings,
): Promise<void> {
  const { measured, curves, flags, target, subject } = finding;
  const { attacks, norm, epsilons, images, loss, seed } = settings;
  const writer = board.validation();
  if (board.written.size === 0) writer.customScalars([robustnessCharts(attacks, norm)]);
  for (const [name, value] of Object.entries(measured)) {
    writer.scalar(name, value, step);
    board.written.add(name);
  }
  const all = [...curves.curves, curves.worst];
  writer.image('robustness/curves', await plotCurves(`epoch ${step}`, all), step);
  const random = createRandom(seed);
  const examples = await drawExamples(target, attackedImages(subject.dataset, images, random), {
    ...{ attacks, norm, loss },
    epsilon: epsilons[epsilons.length >> 1] as number,
    random: random.stream('examples'),
  });
  writer.image('robustness/examples', examples, step);
  const notes = [subject.found.said, ...(subject.found.flag ? [subject.found.flag] : []), ...flags];
  writer.text('robustness/table', curveTable(all, notes), step);
}
