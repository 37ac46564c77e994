import { type Call, cpuKernel } from './storage.ts';

function adam(call: Call) {
  const [variable, m, v] = [call.values('variable'), call.values('m'), call.values('v')];
  const gradient = call.values('gradient');
  const [beta1, beta2] = [call.attribute<number>('beta1'), call.attribute<number>('beta2')];
  const [rate, epsilon] = [call.attribute<number>('learningRate'), call.attribute<number>('epsilon')];
  const [step, decay] = [call.attribute<number>('step'), call.attribute<number>('weightDecay')];
  const [correction1, correction2] = [1 - beta1 ** step, 1 - beta2 ** step];
  const size = variable.length;
  const next = { variable: new Float32Array(size), m: new Float32Array(size), v: new Float32Array(size) };
  for (let i = 0; i < size; i++) {
    const g = gradient[i]!;
    const first = beta1 * m[i]! + (1 - beta1) * g;
    const second = beta2 * v[i]! + (1 - beta2) * g * g;
    const direction = first / correction1 / (Math.sqrt(second / correction2) + epsilon);
    next.m[i] = first;
    next.v[i] = second;
    next.variable[i] = variable[i]! - rate * (direction + decay * variable[i]!);
  }
  call.replace('variable', next.variable);
  call.replace('m', next.m);
  call.replace('v', next.v);
  return [];
}

function momentum(call: Call) {
  const [variable, velocity] = [call.values('variable'), call.values('velocity')];
  const gradient = call.values('gradient');
  const [rate, mass] = [call.attribute<number>('learningRate'), call.attribute<number>('momentum')];
  const [nesterov, decay] = [call.attribute<boolean>('nesterov'), call.attribute<number>('weightDecay')];
  const size = variable.length;
  const next = { variable: new Float32Array(size), velocity: new Float32Array(size) };
  for (let i = 0; i < size; i++) {
    const g = gradient[i]! + decay * variable[i]!;
    const speed = mass * velocity[i]! + g;
    next.velocity[i] = speed;
    next.variable[i] = variable[i]! - rate * (nesterov ? g + mass * speed : speed);
  }
  call.replace('variable', next.variable);
  call.replace('velocity', next.velocity);
  return [];
}

/**
 * {variable, m, v, gradient}, {learningRate, beta1, beta2, epsilon, step, weightDecay} → nothing; updates
 * variable, m and v. `step` counts from 1.
 */
export const applyAdamKernel = cpuKernel('ApplyAdam', adam);

/** {variable, velocity, gradient}, {learningRate, momentum, nesterov, weightDecay} → nothing; updates variable and velocity. */
export const applyMomentumKernel = cpuKernel('ApplyMomentum', momentum);
