import { listChoices, UsageError } from '../../errors.ts';
import type { Metric } from '../metric.ts';
import * as registry from './registry.ts';

export type MetricName = keyof typeof registry;

const metrics: Readonly<Record<MetricName, Metric>> = registry;

/** The metric of this name; `UsageError` where there is none. */
export function metricOf(name: MetricName): Metric {
  if (Object.hasOwn(metrics, name)) return metrics[name];
  throw new UsageError(`There is no metric "${name}". Choose one of: ${listChoices(Object.keys(metrics))}.`);
}
