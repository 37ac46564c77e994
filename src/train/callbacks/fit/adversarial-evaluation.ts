import * as tf from '@tensorflow/tfjs';
import '../../../engine/gradients/install.ts';
import { createRandom } from '../../../random.ts';
import { areaUnder, type RobustnessCurve } from '../../../robustness/curve.ts';
import { classifierOf, type InferenceTarget } from '../../../robustness/target.ts';
import { measureRobustness } from '../../measure.ts';
import { robustnessTag } from '../../measurements.ts';
import {
  type AdversarialEvaluationOptions,
  checkOptions,
  OWNER,
  type Settings,
} from './adversarial-options.ts';
import { boardOf } from './board.ts';
import { drawOn } from './draw-curves.ts';
import { type Subject, subjectOf } from './subject.ts';

/**
 * A callback for `model.fit` of anybody's model: robustness curves after every epoch, as figures in the logs of `fit`.
 *
 * The logs get `robustness/<attack>/<norm>/<epsilon>` (the metric at that epsilon, such as `robustness/pgd/linf/0.0157`)
 * and `…/auc` (its mean over the epsilons) for each attack, and for the worst case over them, `worst`. So does the history
 * that `fit` returns. Callbacks behind this one in the list see them too, such as
 * `tf.callbacks.earlyStopping({ monitor: 'robustness/worst/linf/auc', mode: 'max' })`. Beside `tensorBoard`, in any order,
 * curves and attacked images are drawn there.
 *
 * The model has one input, images `[n, height, width, channels]`; its first output is that of a classifier or segmenter:
 * logits, or probabilities, or one value for two classes. Where it ends in a softmax or sigmoid, the logits before that
 * are attacked. The log says what was found. The model is measured in inference mode, and its training is what it would
 * be without the callback; images and random starts are the same every epoch.
 *
 * Throws `UsageError` for an impossible option, and from `fit`, before it trains, for a model or data that do not fit.
 */
export function adversarialEvaluation(options: AdversarialEvaluationOptions): tf.CustomCallback {
  const settings = checkOptions(options);
  let model: tf.LayersModel | undefined;
  let subject: Subject | undefined;

  const callback = new tf.CustomCallback({
    onTrainBegin: async () => {
      subject = model && subjectOf(model, settings);
    },
    onEpochEnd: async (epoch, logs) => {
      const due = (epoch + 1) % settings.everyEpochs === 0 || epoch + 1 === callback.params.epochs;
      if (!model || !subject || !due) return;
      using target = targetOf(model, subject, settings);
      const curves = await measureRobustness(target, subject.dataset, {
        ...settings,
        metric: subject.metric,
        random: createRandom(settings.seed),
      });
      const measured = Object.assign({}, ...[...curves.curves, curves.worst].map(measurementsOf));
      Object.assign(logs ?? {}, measured);
      const flags = [
        ...curves.flags.map((flag) => `the model: ${flag}`),
        ...curves.curves.flatMap((curve) => curve.flags.map((flag) => `${curve.attack}: ${flag}`)),
      ];
      for (const flag of flags) settings.log(`${OWNER}: epoch ${epoch + 1}, ${flag}`);
      const board = boardOf(model);
      if (board) await drawOn(board, epoch + 1, { measured, curves, flags, target, subject }, settings);
    },
  });
  return Object.assign(callback, {
    setModel(trained: unknown) {
      model = trained as tf.LayersModel;
    },
  });
}

/** The model as a function of images in [0, 1]. */
function targetOf(model: tf.LayersModel, { found }: Subject, { pixels }: Settings): InferenceTarget {
  const net = classifierOf(model, { outputs: found.outputs });
  const [low, high] = pixels;
  if (low === 0 && high === 1) return net;
  return { ...net, logits: (images) => net.logits(images.mul(high - low).add(low)) };
}

/** By their names in the logs; the same names every epoch. */
function measurementsOf(curve: RobustnessCurve): Readonly<Record<string, number>> {
  const { attack, norm, points } = curve;
  const values = points.map(({ epsilon, value }) => [robustnessTag(attack, norm, epsilon), value] as const);
  return { ...Object.fromEntries(values), [robustnessTag(attack, norm, 'auc')]: areaUnder(curve) };
}
