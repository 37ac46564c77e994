import * as tf from '@tensorflow/tfjs';
import { gradientNorm, type Move } from '../engine/ops/optimizer-steps.ts';
import { type Choice, type Options, resolveChoice } from '../options.ts';
import { type CommonOptions, checkCommonOptions, type OptimizerDefinition } from './optimizers/optimizer.ts';
import * as registry from './optimizers/registry.ts';

export type OptimizerChoice = Choice<typeof registry>;

/** An optimizer bound to the weights that it moves. Disposing frees its slots and averages, not the weights. */
export interface Optimizer extends Disposable {
  readonly name: string;
  readonly options: Options;
  /**
   * Slots in the order of the weights, all slots of one weight together, its moving average last; then the averages of
   * `followed`.
   */
  readonly slots: readonly { readonly name: string; readonly variable: tf.Variable }[];
  /** Moving averages in the order of the weights, then of `followed`; none where `averageDecay` is 0. */
  readonly averages: readonly tf.Variable[];
  /** Exchanges what is averaged with its averages, where there are any; a second time, back. Copies nothing. */
  swapAverages(): void;
  /**
   * Moves every weight that has a gradient; `gradients` are in the order of the weights and stay the
   * caller's. `step` counts from 1 over the whole run; `learningRateShare` (default 1) is the part of the learning
   * rate that this step takes.
   */
  step(gradients: readonly (tf.Tensor | undefined)[], step: number, learningRateShare?: number): void;
}

/** Throws `UsageError` for an unknown name, an unknown option or one out of its range. */
export function checkOptimizer(choice: OptimizerChoice): void {
  resolve(choice);
}

/**
 * An optimizer with fresh slots. Weight decay spares vectors: biases and normalisation scales. `followed` are averaged
 * only: what training moves beside the weights, as moving statistics.
 */
export function createOptimizer(
  choice: OptimizerChoice,
  weights: readonly tf.Variable[],
  followed: readonly tf.Variable[] = [],
): Optimizer {
  const { name, definition, options } = resolve(choice);
  const { weightDecay, averageDecay } = options;
  const kept = weights.map((weight) => {
    const slots = Object.values(definition.slots).map((start) =>
      variableOf(() => tf.fill(weight.shape, start)),
    );
    return { weight, slots, average: averageDecay > 0 ? copyOf(weight) : undefined };
  });
  const averaged: readonly Averaged[] = [
    ...kept.flatMap(({ weight, average }) => (average ? [{ variable: weight, average }] : [])),
    ...(averageDecay > 0 ? followed.map((variable) => ({ variable, average: copyOf(variable) })) : []),
  ];
  const ofFollowed = averaged.slice(averageDecay > 0 ? weights.length : 0);
  const moveOf = ({ weight, slots, average }: (typeof kept)[number], gradient: tf.Tensor): Move => ({
    variable: weight,
    slots,
    gradient,
    ...(average && { average }),
    // Decay of vectors only hurts: He et al. 2018, arXiv:1812.01187, section 3.1, "no bias decay".
    weightDecay: weight.rank > 1 ? weightDecay : 0,
  });
  const names = Object.keys(definition.slots);
  return {
    name,
    options,
    slots: [
      ...kept.flatMap(({ slots, average }) => [
        ...slots.map((variable, i) => ({ name: names[i] as string, variable })),
        ...(average ? [{ name: 'average', variable: average }] : []),
      ]),
      ...ofFollowed.map(({ average }) => ({ name: 'average', variable: average })),
    ],
    averages: averaged.map(({ average }) => average),
    swapAverages: () => averaged.forEach(swap),
    step(gradients, step, learningRateShare = 1) {
      const moves = kept.flatMap((parts, i) => {
        const gradient = gradients[i];
        return gradient ? [moveOf(parts, gradient)] : [];
      });
      const handled = handling(moves, step, options);
      const learningRate = (options.learningRate as number) * learningRateShare;
      definition.apply(moves, { step, ...handled }, { ...options, learningRate });
      for (const one of ofFollowed) follow(one, handled.averageKept);
    },
    [Symbol.dispose]() {
      tf.dispose([...kept.flatMap(({ slots }) => slots), ...averaged.map(({ average }) => average)]);
    },
  };
}

interface Averaged {
  readonly variable: tf.Variable;
  readonly average: tf.Variable;
}

function follow({ variable, average }: Averaged, keptShare: number): void {
  tf.tidy(() => average.assign(tf.add(tf.mul(average, keptShare), tf.mul(variable, 1 - keptShare))));
}

function swap({ variable, average }: Averaged): void {
  tf.tidy(() => {
    const held = tf.clone(variable);
    variable.assign(average);
    average.assign(held);
  });
}

function copyOf(variable: tf.Variable): tf.Variable {
  return variableOf(() => tf.mul(variable, 1));
}

/** What happens to gradients before the step, and to averages after it. */
function handling(moves: readonly Move[], step: number, options: CommonOptions) {
  const { clipNorm, clipValue, averageDecay } = options;
  const norm = () =>
    gradientNorm(
      moves.map(({ gradient }) => gradient),
      clipValue,
    );
  return {
    clipValue,
    // The same 1e-6 as in PyTorch's `clip_grad_norm_`.
    gradientScale: clipNorm > 0 ? Math.min(1, clipNorm / (norm() + 1e-6)) : 1,
    // As TensorFlow's ExponentialMovingAverage with `num_updates`.
    averageKept: Math.min(averageDecay, (1 + step) / (10 + step)),
  };
}

function variableOf(start: () => tf.Tensor): tf.Variable {
  return tf.tidy(() => tf.variable(start(), false));
}

function resolve(choice: OptimizerChoice) {
  const definitions: Readonly<Record<string, OptimizerDefinition>> = registry;
  const { name, definition, options } = resolveChoice('optimizer', definitions, choice);
  const resolved = options as CommonOptions;
  checkCommonOptions(name, resolved);
  definition.check(resolved);
  return { name, definition, options: resolved };
}
