// The public API, in two blocks.
// biome-ignore-all assist/source/organizeImports: sorted within the blocks

// To use: make the parts, train, attack, measure.
export { type AttackChoice, createAttack } from './attacks/create.ts';
export { craft } from './attacks/craft.ts';
export { transferred } from './attacks/transfer.ts';
export type { Attack, Target } from './attacks/attack.ts';
export type { NormName, ThreatModel } from './attacks/threat.ts';
export { type BatchOptions, batches } from './data/batches.ts';
export { type DatasetChoice, openDataset } from './data/create.ts';
export type { Batch, Dataset, Sample } from './data/dataset.ts';
export { splitDataset } from './data/split.ts';
export {
  type Engine,
  type EngineName,
  type EngineOptions,
  type Precision,
  probeEngines,
  useEngine,
} from './engine/engine.ts';
export { RunError, UsageError } from './errors.ts';
export { exportWeights } from './exchange/export-weights.ts';
export { formatGraphModel, type GraphModelFiles } from './exchange/graph/graph-model.ts';
export { type ImportReport, importWeights, type ReshapedWeight } from './exchange/import-weights.ts';
export { formatSafetensors, parseSafetensors, type Safetensors } from './exchange/safetensors.ts';
export type { StoredTensor, StoredTensors } from './exchange/tensors.ts';
export { type LossChoice, lossOf } from './losses/create.ts';
export { createNet, type NetChoice } from './nets/create.ts';
export { type ChoiceDescription, describeChoice } from './nets/describe.ts';
export type { Net, NetShape } from './nets/net.ts';
export { prunedUnetPlusPlus } from './nets/unet-plus-plus.ts';
export { createRandom, type Random } from './random.ts';
export {
  areaUnder,
  type RobustnessCurve,
  type RobustnessCurves,
  robustnessCurves,
} from './robustness/curve.ts';
export { type CorruptionScores, corruptionScores } from './robustness/corruption-scores.ts';
export { type CorruptionName, corrupt } from './robustness/corruptions/corrupt.ts';
export { matchedNoise, type NoiseControl, noiseControl } from './robustness/matched-noise.ts';
export { type MetricName, metricOf } from './robustness/metrics/create.ts';
export { asLogits, type Outputs, outputsOf } from './robustness/outputs.ts';
export { classifierOf, inference } from './robustness/target.ts';
export {
  type AmbiguityScores,
  ambiguityScores,
  type OutlierScores,
  outlierScores,
} from './robustness/uncertainty.ts';
export { type ThresholdCounts, type ThresholdTally, thresholdTally } from './summary/threshold-counts.ts';
export { type SummaryFileWriter, summaryFileWriter } from './summary/writer.ts';
export { adversarialEvaluation } from './train/callbacks/fit/adversarial-evaluation.ts';
export type { AdversarialEvaluationOptions } from './train/callbacks/fit/adversarial-options.ts';
export { type TensorBoardOptions, tensorBoard } from './train/callbacks/fit/tensor-board.ts';
export { progress } from './train/callbacks/progress.ts';
export { type Evaluation, evaluate } from './train/evaluate.ts';
export type { Experiment } from './train/experiment.ts';
export { type Freeze, freeze } from './train/freeze.ts';
export type { OptimizerChoice } from './train/optimizers.ts';
export { resume, type Trained, type TrainOptions, train } from './train/train.ts';

// To extend: a definition is registered by one line in the registry.ts of its folder; callbacks are given to `train`.
export { type AttackContext, type AttackDefinition, defineAttack, type Objective } from './attacks/attack.ts';
export { type DatasetDefinition, defineDataset } from './data/dataset.ts';
export { stopGradient } from './engine/ops/stop-gradient.ts';
export { defineLoss, type Loss, type LossDefinition } from './losses/loss.ts';
export { defineNet, type NetDefinition } from './nets/net.ts';
export type { Options } from './options.ts';
export { type Corruption, defineCorruption } from './robustness/corruptions/corruption.ts';
export { defineMetric, type Metric, type Tally } from './robustness/metric.ts';
export type { Callback, EpochRecord, Measurements, Run } from './train/callback.ts';
export { defineOptimizer, type OptimizerDefinition } from './train/optimizers/optimizer.ts';
