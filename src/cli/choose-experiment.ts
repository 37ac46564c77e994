import type { Experiment } from '../train/experiment.ts';

/** The experiment of a name or a file, checked, with the changes of `--set`. Throws `UsageError`. */
export async function chooseExperiment(nameOrPath: string, changes: readonly string[]): Promise<Experiment> {
  const { loadExperiment } = await import('./experiment-file.ts');
  const experiment = await loadExperiment(nameOrPath);
  const { override } = await import('./overrides.ts');
  const { checkExperiment } = await import('../train/check-experiment.ts');
  return override(checkExperiment(experiment), changes);
}
