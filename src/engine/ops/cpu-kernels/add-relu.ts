import { type Call, cpuKernel } from './storage.ts';

function addRelu(call: Call) {
  const [a, b] = [call.values('a'), call.values('b')];
  const sum = Float32Array.from(a, (value, i) => {
    const total = value + b[i]!;
    return total < 0 ? 0 : total;
  });
  return call.output(call.shape('a'), sum);
}

/** {a, b}, of one shape → relu(a + b). */
export const addReluKernel = cpuKernel('AddRelu', addRelu);
