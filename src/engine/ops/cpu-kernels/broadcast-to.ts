import { type Call, cpuKernel, sizeOf } from './storage.ts';

/** Writes the block of `result` from axis `axis` on: one copy of the input, repeated along axes of length 1. */
function broadcastTo(call: Call) {
  const x = call.values('x');
  const shape = call.attribute<number[]>('shape');
  const inputShape = call.shape('x');
  const lengths = [...new Array<number>(shape.length - inputShape.length).fill(1), ...inputShape];
  const result = new Float32Array(sizeOf(shape));
  let read = 0;
  const fill = (axis: number, start: number): void => {
    if (axis === shape.length) {
      result[start] = x[read++]!;
      return;
    }
    const block = sizeOf(shape.slice(axis + 1));
    for (let i = 0; i < lengths[axis]!; i++) fill(axis + 1, start + i * block);
    for (let i = lengths[axis]!; i < shape[axis]!; i++) {
      result.copyWithin(start + i * block, start, start + block);
    }
  };
  if (result.length > 0) fill(0, 0);
  return call.output(shape, result);
}

/** {x}, {shape} → x repeated along its axes of length 1, and along axes that it lacks in front. */
export const broadcastToKernel = cpuKernel('BroadcastTo', broadcastTo);
