import { type Call, cpuKernel } from './storage.ts';

type Scalar = (x: number) => number;

function map(call: Call, f: Scalar) {
  const y = Float32Array.from(call.values('x'), f);
  return call.output(call.shape('x'), y);
}

/** dy times `slope` of what was saved. */
function gradient(call: Call, saved: 'x' | 'y', slope: Scalar) {
  const [dy, values] = [call.values('dy'), call.values(saved)];
  const dx = Float32Array.from(dy, (upstream, i) => upstream * slope(values[i]!));
  return call.output(call.shape('dy'), dx);
}

const sigmoid: Scalar = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** The error function of |x| ≤ 3, by its series: Abramowitz and Stegun 1964, equation 7.1.6. */
function errorSeries(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 − erf(x) of x > 3, by its continued fraction: Abramowitz and Stegun 1964, equation 7.1.14. */
function complementFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** Φ: the normal distribution. */
const normal: Scalar = (x) => {
  const z = x * Math.SQRT1_2;
  if (z < -3) return complementFraction(-z) / 2;
  return z > 3 ? 1 - complementFraction(z) / 2 : (1 + errorSeries(z)) / 2;
};

const density: Scalar = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

// x (1 + tanh u) / 2 is x sigmoid(2u).
const scale = 2 * Math.sqrt(2 / Math.PI);
const argument: Scalar = (x) => scale * (x + 0.044715 * x ** 3);
const argumentSlope: Scalar = (x) => scale * (1 + 3 * 0.044715 * x ** 2);

const siluSlope: Scalar = (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x)));
const geluSlope: Scalar = (x) => normal(x) + x * density(x);
const geluTanhSlope: Scalar = (x) => {
  const share = sigmoid(argument(x));
  return share * (1 + x * (1 - share) * argumentSlope(x));
};

const isTanh = (call: Call) => call.attribute<string>('approximate') === 'tanh';

/** {x} → x · sigmoid(x). */
export const siluKernel = cpuKernel('Silu', (call) => map(call, (x) => x * sigmoid(x)));

/** {x}, {approximate: 'none' | 'tanh'} → x · Φ(x). */
export const geluKernel = cpuKernel('Gelu', (call) => {
  const share: Scalar = isTanh(call) ? (x) => sigmoid(argument(x)) : normal;
  return map(call, (x) => x * share(x));
});

/** {dy, x} → dx. */
export const siluGradKernel = cpuKernel('SiluGrad', (call) => gradient(call, 'x', siluSlope));

/** {dy, x}, {approximate} → dx. */
export const geluGradKernel = cpuKernel('GeluGrad', (call) =>
  gradient(call, 'x', isTanh(call) ? geluTanhSlope : geluSlope),
);

/** {dy, x}, {alpha} → dx: dy where x > 0, else alpha · dy. */
export const leakyReluGradKernel = cpuKernel('LeakyReluGrad', (call) => {
  const alpha = call.attribute<number>('alpha');
  return gradient(call, 'x', (x) => (x > 0 ? 1 : alpha));
});

/** {dy, y: the output of sigmoid} → dx. */
export const sigmoidGradKernel = cpuKernel('SigmoidGrad', (call) => gradient(call, 'y', (y) => y * (1 - y)));

/** {dy, y: the output of tanh} → dx. */
export const tanhGradKernel = cpuKernel('TanhGrad', (call) => gradient(call, 'y', (y) => 1 - y * y));

/** {dy, x} → dx: the slope of softplus is sigmoid(x). */
export const softplusGradKernel = cpuKernel('SoftplusGrad', (call) => gradient(call, 'x', sigmoid));
