import * as tf from '@tensorflow/tfjs';
import { type Choice, type Options, resolveChoice } from '../options.ts';
import type { OptimizerDefinition } from './optimizers/optimizer.ts';
import * as registry from './optimizers/registry.ts';

export type OptimizerChoice = Choice<typeof registry>;
export type OptimizerName = keyof typeof registry;

/** An optimizer bound to the weights that it moves. Disposing frees its slots, not the weights. */
export interface Optimizer extends Disposable {
  readonly name: string;
  readonly options: Options;
  /** Slots in the order of the weights, all slots of one weight together. */
  readonly slots: readonly { readonly name: string; readonly variable: tf.Variable }[];
  /**
   * Moves every weight that has a gradient; `gradients` are in the order of the weights and stay the
   * caller's. `step` counts from 1 over the whole run.
   */
  step(gradients: readonly (tf.Tensor | undefined)[], step: number): void;
}

/** Throws `UsageError` for an unknown name, an unknown option or one out of its range. */
export function checkOptimizer(choice: OptimizerChoice): void {
  const { definition, options } = resolve(choice);
  definition.check(options);
}

/** An optimizer with fresh slots. Weight decay spares vectors: biases and normalisation scales. */
export function createOptimizer(choice: OptimizerChoice, weights: readonly tf.Variable[]): Optimizer {
  const { name, definition, options } = resolve(choice);
  definition.check(options);
  const slotsOf = weights.map((weight) =>
    definition.slots.map(() => tf.tidy(() => tf.variable(tf.zeros(weight.shape), false))),
  );
  return {
    name,
    options,
    slots: slotsOf.flatMap((slots) =>
      slots.map((variable, i) => ({ name: definition.slots[i] as string, variable })),
    ),
    step(gradients, step) {
      weights.forEach((weight, i) => {
        const gradient = gradients[i];
        if (!gradient) return;
        // Decay of vectors only hurts: He et al. 2018, arXiv:1812.01187, section 3.1, "no bias decay".
        const at = { step, decayed: weight.rank > 1 };
        tf.tidy(() => definition.apply(weight, slotsOf[i] as tf.Variable[], gradient, at, options));
      });
    },
    [Symbol.dispose]() {
      for (const slot of slotsOf.flat()) slot.dispose();
    },
  };
}

function resolve(choice: OptimizerChoice) {
  const definitions: Readonly<Record<string, OptimizerDefinition>> = registry;
  return resolveChoice('optimizer', definitions, choice);
}
