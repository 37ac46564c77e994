import { inference } from '../../robustness/target.ts';
import type { Callback } from '../callback.ts';
import { measureClean } from '../measure.ts';
import { thresholdCurves } from './threshold-curves.ts';

/**
 * Measures loss and all metrics of the experiment on the validation split, as `validation/<name>`; for TensorBoard also
 * PR and ROC curves of the classes.
 */
export function cleanMeasurement(): Callback {
  return {
    name: 'validation',
    async onMeasure(run, { epoch }) {
      const { net, validation, experiment, signal, summary } = run;
      const { metrics, loss, data } = experiment;
      const curves = thresholdCurves(validation);
      const options = { metrics, loss, batchSize: data.batchSize, signal, observe: curves.add };
      using target = inference(net.model);
      const values = await measureClean(target, validation, options);
      run.later(() => curves.write(summary, epoch));
      return Object.fromEntries(Object.entries(values).map(([name, value]) => [`validation/${name}`, value]));
    },
  };
}
