import { type Call, required, reshape, scalar, type Translation, withConstant } from './call.ts';
import { attribute, type Ref } from './graph.ts';

/** With the moving statistics. */
export const batchNormalization: Translation = (call) => {
  const { graph, name, inputs, config, weight, inputShapes } = call;
  const [mean, variance] = [required(call, 'moving_mean'), required(call, 'moving_variance')];
  const { shape } = mean;
  const gamma = weight('gamma') ?? { shape, values: new Float32Array(mean.values.length).fill(1) };
  const beta = weight('beta') ?? { shape, values: new Float32Array(mean.values.length) };
  const epsilon = config.epsilon as number;
  // The operation takes images.
  if (inputShapes[0]!.length === 3) {
    const constants = { gamma, beta, moving_mean: mean, moving_variance: variance };
    const refs = Object.entries(constants).map(([kind, value]) => graph.floats(`${name}/${kind}`, value));
    return graph.add('FusedBatchNormV3', name, [inputs[0]!, ...refs], {
      epsilon: attribute.float(epsilon),
      is_training: attribute.truth(false),
      data_format: attribute.text('NHWC'),
      T: attribute.type('float32'),
    });
  }
  const scale = gamma.values.map((value, i) => value / Math.sqrt(variance.values[i]! + epsilon));
  const offset = beta.values.map((value, i) => value - mean.values[i]! * scale[i]!);
  const scaled = withConstant(call, 'Mul', inputs[0]!, 'scale', { shape, values: scale });
  return withConstant(call, 'AddV2', scaled, 'offset', { shape, values: offset });
};

/** The mean over pixels and the channels of a group. */
function groupMean({ graph, name }: Call, x: Ref, what: string): Ref {
  const axes = graph.integers(`${name}/${what}/axes`, [1, 3]);
  return graph.add('Mean', `${name}/${what}`, [x, axes], { keep_dims: attribute.truth(true) });
}

export const groupNormalization: Translation = (call) => {
  const { graph, name, inputs, config, inputShapes, weight } = call;
  const shape = inputShapes[0]!;
  const channels = shape.at(-1)!;
  const groups = config.groups === -1 ? channels : (config.groups as number);
  const pixels = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  const grouped = reshape(call, inputs[0]!, [pixels, groups, channels / groups], 'groups');
  const centred = graph.add('Sub', `${name}/centred`, [grouped, groupMean(call, grouped, 'mean')]);
  const square = graph.add('Square', `${name}/square`, [centred]);
  const epsilon = scalar(config.epsilon as number);
  const raised = withConstant(call, 'AddV2', groupMean(call, square, 'variance'), 'epsilon', epsilon);
  const factor = graph.add('Rsqrt', `${name}/rsqrt`, [raised]);
  let y = reshape(call, graph.add('Mul', `${name}/normalised`, [centred, factor]), shape);
  const [gamma, beta] = [weight('gamma'), weight('beta')];
  if (gamma) y = withConstant(call, 'Mul', y, 'gamma', gamma);
  if (beta) y = withConstant(call, 'AddV2', y, 'beta', beta);
  return y;
};

export const localResponseNormalization: Translation = ({ graph, name, inputs, config }) => {
  const { size, alpha, beta } = config as { size: number; alpha: number; beta: number };
  return graph.add('LRN', name, inputs, {
    depth_radius: attribute.integer((size - 1) / 2),
    bias: attribute.float(1),
    alpha: attribute.float(alpha / size),
    beta: attribute.float(beta),
  });
};
