import { type Call, integers, type NativeKernel } from '../kernel.ts';

function structuralSimilarity(call: Call) {
  if (!call.areFloat('x', 'y', 'weights')) return undefined;
  const [images, height, width, channels] = call.input('x').shape as [number, number, number, number];
  const weights = call.floats(call.input('weights'));
  const similarities = call.take([images]);
  const scratch = call.take([images * 4 * width * channels]);
  call.native.structuralSimilarity(
    call.floats(call.input('x')),
    call.floats(call.input('y')),
    weights,
    scratch,
    similarities,
    integers(images, height, width, channels, weights.length),
    call.attribute<number>('c1'),
    call.attribute<number>('c2'),
  );
  call.backend.pool.release(scratch);
  return call.output([images], similarities);
}

export const similarityKernels: Readonly<Record<string, NativeKernel>> = {
  StructuralSimilarity: structuralSimilarity,
};
