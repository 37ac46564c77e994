import { type Call, cpuKernel } from './storage.ts';

function gradient(call: Call, ceiling: number) {
  const [dy, y] = [call.values('dy'), call.values('y')];
  const dx = new Float32Array(dy.length);
  for (let i = 0; i < dy.length; i++) {
    if (y[i]! > 0 && y[i]! < ceiling) dx[i] = dy[i]!;
  }
  return call.output(call.shape('dy'), dx);
}

/** {dy, y: the output of relu} → dx: dy where y > 0, else 0. */
export const reluGradKernel = cpuKernel('ReluGrad', (call) => gradient(call, Number.POSITIVE_INFINITY));

/** {dy, y: the output of relu6} → dx: dy where 0 < y < 6, else 0, as in TensorFlow. */
export const relu6GradKernel = cpuKernel('Relu6Grad', (call) => gradient(call, 6));
