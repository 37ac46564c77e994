import type { Call, NativeKernel } from '../kernel.ts';

function applyAdam(call: Call) {
  if (!call.areFloat('variable', 'm', 'v', 'gradient')) return undefined;
  const updated = [call.input('variable'), call.input('m'), call.input('v')] as const;
  const [variable, m, v] = updated;
  const next = updated.map((info) => call.backend.writable(info)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  call.native.applyAdam(
    call.floats(variable),
    call.floats(m),
    call.floats(v),
    call.floats(call.input('gradient')),
    ...next,
    call.attribute<number>('learningRate'),
    call.attribute<number>('beta1'),
    call.attribute<number>('beta2'),
    call.attribute<number>('epsilon'),
    call.attribute<number>('step'),
    call.attribute<number>('weightDecay'),
  );
  for (const [index, info] of updated.entries()) call.backend.replace(info, next[index]!);
  return [];
}

function applyMomentum(call: Call) {
  if (!call.areFloat('variable', 'velocity', 'gradient')) return undefined;
  const [variable, velocity] = [call.input('variable'), call.input('velocity')];
  const [nextVariable, nextVelocity] = [call.backend.writable(variable), call.backend.writable(velocity)];
  call.native.applyMomentum(
    call.floats(variable),
    call.floats(velocity),
    call.floats(call.input('gradient')),
    nextVariable,
    nextVelocity,
    call.attribute<number>('learningRate'),
    call.attribute<number>('momentum'),
    call.attribute<boolean>('nesterov'),
    call.attribute<number>('weightDecay'),
  );
  call.backend.replace(variable, nextVariable);
  call.backend.replace(velocity, nextVelocity);
  return [];
}

export const optimizerStepKernels: Readonly<Record<string, NativeKernel>> = {
  ApplyAdam: applyAdam,
  ApplyMomentum: applyMomentum,
};
