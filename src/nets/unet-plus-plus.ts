import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../errors.ts';
import { conv, imageInput, type Style } from './blocks.ts';
import { defineNet, type Net } from './net.ts';
import { cropBack, multiplesOf, workingSize } from './pad-input.ts';
import { readStyle, styleOptions } from './style.ts';
import { type Convolutions, convolutions, doubled, excited, halved } from './unet-blocks.ts';
import { readUnetPlan, type UnetPlan, type UpSampling, unetOptions } from './unet-options.ts';
import { concatenate } from './weightless.ts';

type X = tf.SymbolicTensor;

/**
 * UNet++: a U-Net whose skips are filled with nodes, each of which sees all before it in its row and the one below,
 * doubled; U-Nets of all depths up to `depth` in one. The output is `[batch, height, width, classes]`.
 *
 * With `deepSupervision` each of the inner U-Nets has a head, from the deepest to the shallowest, all of the same weight
 * as in the paper; `prunedUnetPlusPlus` cuts a trained net down to one of them. Height and width must be multiples of
 * 2^depth, or `padInput` set.
 *
 * Zhou et al. 2018, arXiv:1807.10165, as in the authors' Keras code: no normalisation, dropout after each convolution.
 * Departure: no L2 penalty, which is the optimizer's business. Preset 'batchNorm' is 4uiiurz1/pytorch-nested-unet.
 */
export const unetPlusPlus = defineNet({
  task: 'segmentation',
  source:
    'Zhou et al. 2018, UNet++: a nested U-Net architecture for medical image segmentation, arXiv:1807.10165',
  defaults: {
    ...unetOptions({ filters: 32, dropout: 0.5 }),
    ...styleOptions({ norm: 'none' }),
  },
  presets: {
    official: {},
    batchNorm: { norm: 'batch', bias: true, upSampling: 'bilinearAligned', dropout: 0 },
  },
  build({ imageShape, classes }, options, random) {
    const plan = readUnetPlan('unetPlusPlus', options, { stageDepth: 2, supervisionWeight: () => 1 });
    const { depth, supervision } = plan;
    const style = { ...readStyle('unetPlusPlus', options, random), bias: options.bias };
    const owner = `unetPlusPlus with depth ${depth}`;
    const size = workingSize(owner, imageShape, multiplesOf(2 ** depth), options.padInput);
    const { images, x } = imageInput(style, imageShape, size);
    const row = nestedNodes(style, x, plan);
    const head = (column: number, name: string) => {
      const logits = conv(style, row[column]!, { name, filters: classes, size: 1 }, true);
      return cropBack(logits, [imageShape[0], imageShape[1]], `${name}.crop`);
    };
    const auxiliary = supervision.map((_, index) => head(depth - 1 - index, `head${depth - 1 - index}`));
    const outputs = [head(depth, 'head'), ...auxiliary];
    return {
      model: tf.model({ name: 'unetPlusPlus', inputs: images, outputs }),
      auxiliaryWeights: supervision,
    };
  },
});

/** The nodes at full size, x0_0 to x0_depth. A node is named after its row, 0 at full size, and its place in it. */
function nestedNodes(style: Style, pixels: X, plan: UnetPlan): X[] {
  const { depth, widths, depths, downsample, upSampling, dropout, seRatio } = plan;
  const stage = (row: number, column: number): Convolutions => ({
    name: `x${row}_${column}`,
    filters: Array.from({ length: depths[row]! }, () => widths[row]!),
    dropout,
  });
  const rows: X[][] = [];
  for (let deepest = 0; deepest <= depth; deepest++) {
    const above = rows[deepest - 1]?.[0];
    const entering = above ? halved(style, above, `pool${deepest}`, downsample) : pixels;
    const first = stage(deepest, 0);
    rows.push([excited(style, convolutions(style, entering, first), first.name, seRatio)]);
    // What the new row makes possible: a node in each row above it.
    for (let column = 1; column <= deepest; column++) {
      const row = rows[deepest - column]!;
      const below = rows[deepest - column + 1]![column - 1]!;
      const own = stage(deepest - column, column);
      row.push(excited(style, nestedNode(style, below, row, own, upSampling), own.name, seRatio));
    }
  }
  return rows[0]!;
}

/**
 * A node of U-Net++: the node below doubled, in front of all nodes before it in its own row; then convolutions.
 * Zhou et al. 2018, UNet++, arXiv:1807.10165, equation 1.
 */
export function nestedNode(
  style: Style,
  below: X,
  row: readonly X[],
  stage: Convolutions,
  upSampling: UpSampling = 'transpose',
): X {
  const { name, filters } = stage;
  const up = doubled(style, below, `${name}.up`, filters.at(-1)!, upSampling);
  return convolutions(style, concatenate([up, ...row], `${name}.concat`), stage);
}

/**
 * The U-Net of depth `level` inside a UNet++ that has `deepSupervision`: its nodes and its head alone, faster and a
 * little less exact. Zhou et al. 2018, arXiv:1807.10165, section 3.2, "fast mode".
 *
 * It shares layers and weights with `net`: dispose of `net.model`, not of what this gives. Throws `UsageError` for a
 * net of another kind or without such a head.
 */
export function prunedUnetPlusPlus(net: Net, level: number): Net {
  const { name, model } = net;
  if (name !== 'unetPlusPlus' || model.outputs.length < 2) {
    throw new UsageError(`Only unetPlusPlus with deepSupervision can be pruned, received ${name}.`);
  }
  const depth = model.outputs.length;
  const logits = model.outputs[depth - level];
  if (!logits) throw new UsageError(`unetPlusPlus: expected a level of 1 to ${depth}, received ${level}.`);
  return { name, model: tf.model({ name, inputs: model.inputs, outputs: logits }), auxiliaryWeights: [] };
}
