import type { Reals } from '../binding.ts';
import type { Call } from '../kernel.ts';

type InPlace = (call: Call, y: Reals) => void;

/** Activations of tfjs' fused kernels, done in place; those that are not here only JavaScript can. */
const inPlace: Readonly<Record<string, InPlace>> = {
  linear: () => {},
  relu: (call, y) => call.native.relu(y, y),
  relu6: (call, y) => call.native.relu6(y, y),
  elu: (call, y) => call.native.elu(y, y),
  sigmoid: (call, y) => call.native.sigmoid(y, y),
  leakyrelu: (call, y) => call.native.leakyRelu(y, y, call.attribute<number>('leakyreluAlpha')),
};

export function fusedActivation(call: Call): InPlace | undefined {
  return inPlace[call.attribute<string | undefined>('activation') ?? 'linear'];
}
