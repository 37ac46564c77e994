// One line each. To add one, write its file, name it here, and explain it in docs/sanity-checks.md.

import { batchDependent } from './batch-dependent.ts';
import { manyNoisesWin, squareWins, transferWins } from './black-box.ts';
import { brokenOutput } from './broken-output.ts';
import type { AttackCheck, BatchCheck, CurveCheck, Diagnostic, RecordCheck } from './diagnostic.ts';
import { brokenGradients, zeroGradients } from './gradients.ts';
import { incompleteRecord } from './incomplete-record.ts';
import { logitScale } from './logit-scale.ts';
import { notConverged, restartsHelp } from './more-effort.ts';
import { randomOutput } from './random-output.ts';
import { rawRises } from './raw-rises.ts';
import { selfTestFailed } from './self-test.ts';
import { silentSuccess } from './silent-success.ts';
import { softmaxOutput } from './softmax-output.ts';
import { unboundedSurvives } from './unbounded.ts';
import { unstableLoss } from './unstable-loss.ts';
import { noiseWins, singleStepWins } from './weaker-attacks.ts';
import { wrongGradients } from './wrong-gradients.ts';

/** At every evaluation. */
export const curveChecks: readonly CurveCheck[] = [
  rawRises,
  brokenGradients,
  zeroGradients,
  noiseWins,
  singleStepWins,
  silentSuccess,
];

/** At every evaluation, on its first images. */
export const batchChecks: readonly BatchCheck[] = [
  brokenOutput,
  softmaxOutput,
  randomOutput,
  batchDependent,
  unstableLoss,
  wrongGradients,
];

/** By `medrobust diagnose`. */
export const attackChecks: readonly AttackCheck[] = [
  unboundedSurvives,
  notConverged,
  restartsHelp,
  squareWins,
  manyNoisesWin,
  transferWins,
  logitScale,
  selfTestFailed,
];

export const recordChecks: readonly RecordCheck[] = [incompleteRecord];

/** In the order of the list in docs/sanity-checks.md. */
export const diagnostics: readonly Diagnostic[] = [
  ...curveChecks,
  ...batchChecks,
  ...attackChecks,
  ...recordChecks,
].toSorted((a, b) => a.number - b.number);
