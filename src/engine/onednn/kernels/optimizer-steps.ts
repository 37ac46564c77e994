import type { Call, NativeKernel } from '../kernel.ts';

/** What all steps take, in the order of the native functions. */
type Shared = readonly [clip: number, scale: number, averageKept: number, learningRate: number];

/**
 * Runs a step on arrays that may be written to: those of the pool, into which a weight moves at its first step.
 * The inputs are a list: see ops/cpu-kernels/optimizer-steps.ts.
 */
function step(
  call: Call,
  slots: number,
  run: (
    state: readonly Float32Array[],
    gradients: readonly Float32Array[],
    weightDecays: Float32Array,
    shared: Shared,
  ) => void,
) {
  const inputs = Object.values(call.list);
  if (inputs.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const weightDecays = Float32Array.from(call.attribute<number[]>('weightDecays'));
  const averaged = call.attribute<boolean>('averaged');
  const updated = inputs.slice(0, weightDecays.length * (1 + slots + (averaged ? 1 : 0)));
  const gradients = inputs.slice(updated.length).map((info) => call.floats(info));
  const state = updated.map((info) => {
    const [from, to] = [call.floats(info), call.backend.writable(info)];
    if (to !== from) to.set(from);
    return to;
  });
  run(state, gradients, weightDecays, [
    call.attribute<number>('clipValue'),
    call.attribute<number>('gradientScale'),
    // Without averages, nothing is kept of any.
    averaged ? call.attribute<number>('averageKept') : -1,
    call.attribute<number>('learningRate'),
  ]);
  for (const [index, info] of updated.entries()) call.backend.replace(info, state[index]!);
  return [];
}

function applyAdam(call: Call) {
  return step(call, 2, (state, gradients, weightDecays, shared) =>
    call.native.applyAdam(
      state,
      gradients,
      weightDecays,
      ...shared,
      call.attribute<number>('beta1'),
      call.attribute<number>('beta2'),
      call.attribute<number>('epsilon'),
      call.attribute<number>('step'),
      call.attribute<boolean>('decoupled'),
    ),
  );
}

function applyMomentum(call: Call) {
  return step(call, 1, (state, gradients, weightDecays, shared) =>
    call.native.applyMomentum(
      state,
      gradients,
      weightDecays,
      ...shared,
      call.attribute<number>('momentum'),
      call.attribute<boolean>('nesterov'),
    ),
  );
}

function applyRmsProp(call: Call) {
  return step(call, 2, (state, gradients, weightDecays, shared) =>
    call.native.applyRmsProp(
      state,
      gradients,
      weightDecays,
      ...shared,
      call.attribute<number>('decay'),
      call.attribute<number>('momentum'),
      call.attribute<number>('epsilon'),
    ),
  );
}

function gradientNorm(call: Call) {
  const inputs = Object.values(call.list);
  if (inputs.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const result = call.take([]);
  const gradients = inputs.map((info) => call.floats(info));
  call.native.gradientNorm(gradients, result, call.attribute<number>('clipValue'));
  return [call.output([], result)];
}

export const optimizerStepKernels: Readonly<Record<string, NativeKernel>> = {
  ApplyAdam: applyAdam,
  ApplyMomentum: applyMomentum,
  ApplyRmsProp: applyRmsProp,
  GradientNorm: gradientNorm,
};
