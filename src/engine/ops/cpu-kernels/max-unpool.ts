import { type Call, cpuKernel, sizeOf } from './storage.ts';

/** Calls `visit(place in the smaller images, place in the larger ones)`; the index −1 has none. */
function eachPair(call: Call, cells: number, visit: (small: number, large: number) => void): void {
  const indices = call.values('indices');
  const perImage = sizeOf(call.shape('indices').slice(1));
  for (const [i, index] of indices.entries()) {
    if (index >= cells || index < -1) {
      throw new Error(`max-unpooling: index ${index} is not in an image of ${cells} elements`);
    }
    if (index >= 0) visit(i, Math.floor(i / perImage) * cells + index);
  }
}

/** {x, indices}, {size} → y: zeros, with each x added where its index says. */
export const maxUnpoolKernel = cpuKernel('MaxUnpool', (call) => {
  const x = call.values('x');
  const [batch, , , channels] = call.shape('x') as [number, number, number, number];
  const shape = [...call.attribute<[number, number]>('size'), channels];
  const y = new Float32Array(batch * sizeOf(shape));
  eachPair(call, sizeOf(shape), (small, large) => {
    y[large]! += x[small]!;
  });
  return call.output([batch, ...shape], y);
});

/** {dy, indices} → dx: dy at the indices. */
export const maxUnpoolGradKernel = cpuKernel('MaxUnpoolGrad', (call) => {
  const dy = call.values('dy');
  const dx = new Float32Array(sizeOf(call.shape('indices')));
  eachPair(call, sizeOf(call.shape('dy').slice(1)), (small, large) => {
    dx[small] = dy[large]!;
  });
  return call.output(call.shape('indices'), dx);
});
