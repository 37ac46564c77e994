import { inference } from '../../robustness/target.ts';
import type { Callback } from '../callback.ts';
import { measureClean } from '../measure.ts';

/** Measures loss and all metrics of the experiment on the validation split, as `validation/<name>`. */
export function cleanMeasurement(): Callback {
  return {
    name: 'validation',
    async onMeasure({ net, validation, experiment, signal }) {
      const { metrics, loss, data } = experiment;
      const options = { metrics, loss, batchSize: data.batchSize, signal };
      using target = inference(net.model);
      const values = await measureClean(target, validation, options);
      return Object.fromEntries(Object.entries(values).map(([name, value]) => [`validation/${name}`, value]));
    },
  };
}
