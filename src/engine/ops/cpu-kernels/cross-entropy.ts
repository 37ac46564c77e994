import { type Call, cpuKernel, type Values } from './storage.ts';

/** log Σ exp(z_j) over the classes of a row other than `label`. */
function logSumExpOfOthers(logits: Values, start: number, classes: number, label: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < classes; j++) {
    if (j !== label) largest = Math.max(largest, logits[start + j]!);
  }
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let j = 0; j < classes; j++) {
    if (j !== label) sum += Math.exp(logits[start + j]! - largest);
  }
  return largest + Math.log(sum);
}

const softplus = (u: number) => Math.max(u, 0) + Math.log1p(Math.exp(-Math.abs(u)));
const sigmoid = (u: number) => (u >= 0 ? 1 / (1 + Math.exp(-u)) : Math.exp(u) / (1 + Math.exp(u)));

function loss(call: Call) {
  const [logits, labels] = [call.values('logits'), call.values('labels')];
  const [rows, classes] = call.shape('logits') as [number, number];
  const losses = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label < 0 || label >= classes) continue;
    const start = row * classes;
    losses[row] = softplus(logSumExpOfOthers(logits, start, classes, label) - logits[start + label]!);
  }
  return call.output([rows], losses);
}

function gradient(call: Call) {
  const [logits, labels, dy] = [call.values('logits'), call.values('labels'), call.values('dy')];
  const [rows, classes] = call.shape('logits') as [number, number];
  const dlogits = new Float32Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label < 0 || label >= classes) continue;
    const start = row * classes;
    const others = logSumExpOfOthers(logits, start, classes, label);
    const wrong = sigmoid(others - logits[start + label]!);
    for (let j = 0; j < classes; j++) {
      const slope = j === label ? -wrong : wrong * Math.exp(logits[start + j]! - others);
      dlogits[start + j] = slope * dy[row]!;
    }
  }
  return call.output([rows, classes], dlogits);
}

/** {logits [rows, classes], labels [rows]} → loss [rows]: softplus(log Σ_{j≠label} exp(z_j) − z_label). */
export const sparseCrossEntropyKernel = cpuKernel('SparseCrossEntropy', loss);

/** {logits, labels, dy [rows]} → dlogits [rows, classes]; the slope of the label is minus the sum of the others. */
export const sparseCrossEntropyGradKernel = cpuKernel('SparseCrossEntropyGrad', gradient);
