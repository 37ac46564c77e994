import { type Call, cpuKernel, type Values } from './storage.ts';

/** How one element moves: `state` holds the weight and its slots, which are replaced. */
type Rule = (state: number[], gradient: number, weightDecay: number) => void;

/**
 * Inputs are a list: for each weight its state (the weight, its slots, its average where `averaged`), then the
 * gradients of all. Attributes beside those of the rule: weightDecays, averaged, clipValue, gradientScale, averageKept.
 */
function step(call: Call, slots: number, rule: Rule) {
  const weightDecays = call.attribute<number[]>('weightDecays');
  const averaged = call.attribute<boolean>('averaged');
  const [scale, kept] = [call.attribute<number>('gradientScale'), call.attribute<number>('averageKept')];
  const limit = call.attribute<number>('clipValue') || Number.POSITIVE_INFINITY;
  const stride = 1 + slots + (averaged ? 1 : 0);
  for (const [index, weightDecay] of weightDecays.entries()) {
    const names = Array.from({ length: stride }, (_, i) => String(index * stride + i));
    const before = names.map((name) => call.values(name));
    const gradient = call.values(String(weightDecays.length * stride + index));
    const after = before.map((values) => new Float32Array(values.length));
    const state = new Array<number>(1 + slots);
    for (let i = 0; i < gradient.length; i++) {
      for (let part = 0; part <= slots; part++) state[part] = before[part]![i]!;
      rule(state, cut(gradient[i]!, limit) * scale, weightDecay);
      for (let part = 0; part <= slots; part++) after[part]![i] = state[part]!;
      if (averaged) after[stride - 1]![i] = kept * before[stride - 1]![i]! + (1 - kept) * state[0]!;
    }
    names.forEach((name, part) => {
      call.replace(name, after[part]!);
    });
  }
  return [];
}

/** NaN stays NaN. */
const cut = (value: number, limit: number) => (value > limit ? limit : value < -limit ? -limit : value);

function adam(call: Call) {
  const [beta1, beta2] = [call.attribute<number>('beta1'), call.attribute<number>('beta2')];
  const [rate, epsilon] = [call.attribute<number>('learningRate'), call.attribute<number>('epsilon')];
  const [number, decoupled] = [call.attribute<number>('step'), call.attribute<boolean>('decoupled')];
  const [correction1, correction2] = [1 - beta1 ** number, 1 - beta2 ** number];
  return step(call, 2, (state, gradient, weightDecay) => {
    const [weight, m, v] = state as [number, number, number];
    const g = decoupled ? gradient : gradient + weightDecay * weight;
    const first = beta1 * m + (1 - beta1) * g;
    const second = beta2 * v + (1 - beta2) * g * g;
    const direction = first / correction1 / (Math.sqrt(second / correction2) + epsilon);
    state[0] = weight - rate * (direction + (decoupled ? weightDecay * weight : 0));
    state[1] = first;
    state[2] = second;
  });
}

function momentum(call: Call) {
  const [rate, mass] = [call.attribute<number>('learningRate'), call.attribute<number>('momentum')];
  const nesterov = call.attribute<boolean>('nesterov');
  return step(call, 1, (state, gradient, weightDecay) => {
    const [weight, velocity] = state as [number, number];
    const g = gradient + weightDecay * weight;
    const speed = mass * velocity + g;
    state[0] = weight - rate * (nesterov ? g + mass * speed : speed);
    state[1] = speed;
  });
}

function rmsProp(call: Call) {
  const [rate, mass] = [call.attribute<number>('learningRate'), call.attribute<number>('momentum')];
  const [decay, epsilon] = [call.attribute<number>('decay'), call.attribute<number>('epsilon')];
  return step(call, 2, (state, gradient, weightDecay) => {
    const [weight, square, velocity] = state as [number, number, number];
    const g = gradient + weightDecay * weight;
    const mean = decay * square + (1 - decay) * g * g;
    const speed = mass * velocity + (rate * g) / Math.sqrt(mean + epsilon);
    state[0] = weight - speed;
    state[1] = mean;
    state[2] = speed;
  });
}

function norm(call: Call) {
  const limit = call.attribute<number>('clipValue') || Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let index = 0; call.has(String(index)); index++) {
    const values: Values = call.values(String(index));
    for (const value of values) sum += cut(value, limit) ** 2;
  }
  return [call.output([], Float32Array.of(Math.sqrt(sum)))];
}

/** `step` with slots m and v, {learningRate, beta1, beta2, epsilon, step, decoupled}. */
export const applyAdamKernel = cpuKernel('ApplyAdam', adam);

/** `step` with the slot velocity, {learningRate, momentum, nesterov}. */
export const applyMomentumKernel = cpuKernel('ApplyMomentum', momentum);

/** `step` with slots mean square and velocity, {learningRate, decay, momentum, epsilon}. */
export const applyRmsPropKernel = cpuKernel('ApplyRmsProp', rmsProp);

/** A list of gradients, {clipValue} → the root of the sum of their squares. */
export const gradientNormKernel = cpuKernel('GradientNorm', norm);
