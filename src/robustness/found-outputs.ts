// What a model of others gives, found out and said in words.

import * as tf from '@tensorflow/tfjs';
import { inferenceOf } from '../engine/model/run.ts';
import { endsIn, lastLayerOf, type Outputs, outputsOf } from './outputs.ts';

export interface FoundOutputs {
  readonly outputs: Outputs;
  /** One line for a log. */
  readonly said: string;
  /** Why curves of this model are doubtful; begins with a name explained in docs/sanity-checks.md. */
  readonly flag?: string;
}

/** How far rows of probabilities may be from a sum of 1: they are float32, of some hundred classes. */
const TOLERANCE = 1e-3;

/** What the values of `outputs` could be: `logits` where they are no probabilities. */
function looksLike(outputs: tf.Tensor): Outputs {
  return tf.tidy(() => {
    const values = outputs.dataSync();
    if (!values.every((value) => value >= 0 && value <= 1)) return 'logits';
    if (outputs.rank % 2 === 1 || outputs.shape.at(-1) === 1) return 'sigmoid';
    const off = tf.sub(outputs.sum(-1), 1).abs().max().dataSync()[0] as number;
    return off < TOLERANCE ? 'softmax' : 'logits';
  });
}

/** Layers that make logits by themselves: whatever their values look like, these are no probabilities. */
const LINEAR = /^(Dense|Conv\dD|Conv\dDTranspose|SeparableConv2D|DepthwiseConv2D)$/;

/**
 * What the first output of a model is: by its last layer, where that tells; else by the values that it gives for
 * `images`, which are as the model takes them. `asked`, if given, decides.
 */
export function findOutputs(model: tf.LayersModel, images: tf.Tensor, asked?: Outputs): FoundOutputs {
  const layer = lastLayerOf(model);
  const told = outputsOf(model);
  const name = `its last layer, ${layer.name}`;
  if (asked === 'logits' && told !== 'logits') {
    return {
      outputs: asked,
      said: `the outputs of ${name}, are taken for logits, as asked`,
      flag: `outputs-not-logits: ${layer.name} applies a ${told}, but its outputs are taken for logits.`,
    };
  }
  const seen = told === 'logits' && !LINEAR.test(layer.getClassName()) ? valuesOf(model, images) : told;
  const outputs = asked ?? seen;
  if (outputs === 'logits') return { outputs, said: `the outputs of ${name}, are taken for logits` };
  if (endsIn(model, outputs)) {
    return { outputs, said: `${name}, applies a ${outputs}; attacked on the logits before it` };
  }
  const reason = asked ? 'as asked' : 'by their values';
  return {
    outputs,
    said: `the outputs of ${name}, are taken for probabilities after a ${outputs}, ${reason}; attacked on their logarithms`,
    flag: `logits-out-of-reach: the ${outputs} is not the activation of the last layer, ${layer.name}, so that an attack sees probabilities rounded to float32.`,
  };
}

function valuesOf(model: tf.LayersModel, images: tf.Tensor): Outputs {
  const infer = inferenceOf(model);
  try {
    return tf.tidy(() => looksLike(infer(images)));
  } finally {
    infer[Symbol.dispose]();
  }
}
