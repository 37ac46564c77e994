// Residual blocks whose convolutions come after their own normalisation and activation, with nothing after the sum:
// He et al. 2016, Identity mappings in deep residual networks, arXiv:1603.05027, figure 4e.

import type * as tf from '@tensorflow/tfjs';
import { activate, type ConvSettings, conv, norm, normReluConv, type Style } from './blocks.ts';
import { type Bottleneck, bottleneckExpansion, everyOther } from './residual-blocks.ts';
import { add, blurPool } from './weightless.ts';

export interface PreActivationBlock
  extends Pick<Bottleneck, 'name' | 'filters' | 'stride' | 'padding' | 'attention' | 'downsample'> {
  /**
   * Where only the size changes. 'project': a 1 × 1 convolution, as where the channels change; 'sample': every other
   * pixel, as in Keras. Default: project.
   */
  readonly shortcut?: 'project' | 'sample';
  /** Gives the last convolution and that of the shortcut a bias, as in Keras: no normalisation follows them. Default: false. */
  readonly outerBias?: boolean;
}

interface PreActivationBottleneck extends PreActivationBlock {
  /** Channels of the inner convolutions; the block gives 4 · filters. Default: filters. */
  readonly innerFilters?: number;
}

type X = tf.SymbolicTensor;

/** Two 3 × 3 convolutions beside a shortcut; a projection sees the activated input. */
export function preActivationBasic(style: Style, input: X, block: PreActivationBlock): X {
  const { name, filters, padding = 'symmetric', outerBias = false } = block;
  const [stride, blurs] = strideOf(block);
  const ready = preActivate(style, input, `${name}.conv1`);
  let x = conv(style, ready, { name: `${name}.conv1`, filters, size: 3, stride, padding }, hasBias(style));
  x = blurredConv(withBias(style, outerBias), x, { name: `${name}.conv2`, filters, size: 3 }, blurs);
  return addShortcut(style, { input, ready, branch: x }, block);
}

/** 1 × 1, 3 × 3, 1 × 1 convolutions beside a shortcut; the last gives 4 · filters channels. A projection sees the activated input. */
export function preActivationBottleneck(style: Style, input: X, block: PreActivationBottleneck): X {
  const { name, filters, padding = 'symmetric', outerBias = false } = block;
  const inner = block.innerFilters ?? filters;
  const [stride, blurs] = strideOf(block);
  const ready = preActivate(style, input, `${name}.conv1`);
  const expand = { name: `${name}.conv3`, filters: filters * bottleneckExpansion, size: 1 };
  let x = conv(style, ready, { name: `${name}.conv1`, filters: inner, size: 1 }, hasBias(style));
  x = normReluConv(style, x, { name: `${name}.conv2`, filters: inner, size: 3, stride, padding });
  x = blurredConv(withBias(style, outerBias), x, expand, blurs);
  return addShortcut(style, { input, ready, branch: x }, block);
}

/** The stride of the convolution that halves, and whether a blur halves after it. */
function strideOf({ stride, downsample = 'stride' }: PreActivationBlock): [stride: number, blurs: boolean] {
  const blurs = downsample === 'blur' && stride > 1;
  return [blurs ? 1 : stride, blurs];
}

/** The normalisation and activation in front of the convolution `name`. */
function preActivate(style: Style, x: X, name: string): X {
  return activate(style, norm(style, x, `${name}.norm`), `${name}.relu`);
}

/** Normalisation, activation, a blur that halves where `blurs` says so, convolution. */
function blurredConv(style: Style, x: X, settings: ConvSettings, blurs: boolean): X {
  if (!blurs) return normReluConv(style, x, settings);
  const ready = preActivate(style, x, settings.name);
  return conv(style, blurPool(ready, `${settings.name}.blur`), settings, hasBias(style));
}

function hasBias(style: Style): boolean {
  return style.norm === 'none' || style.bias === true;
}

function withBias(style: Style, bias: boolean): Style {
  return bias ? { ...style, bias } : style;
}

function addShortcut(
  style: Style,
  { input, ready, branch }: { input: X; ready: X; branch: X },
  block: PreActivationBlock,
): X {
  const { name, attention, shortcut = 'project', outerBias = false } = block;
  const residual = attention ? attention(style, branch, `${name}.attention`) : branch;
  const filters = branch.shape[3] as number;
  const projects = input.shape[3] !== filters || (block.stride > 1 && shortcut === 'project');
  const [stride, blurs] = strideOf(block);
  const seen = projects ? ready : input;
  let x = blurs ? blurPool(seen, `${name}.shortcut.blur`) : seen;
  if (projects) {
    const projection = { name: `${name}.shortcut`, filters, size: 1, stride, padding: 'valid' as const };
    x = conv(style, x, projection, hasBias(style) || outerBias);
  } else {
    x = everyOther(x, `${name}.shortcut.sample`, stride);
  }
  return add([residual, x], `${name}.add`);
}
