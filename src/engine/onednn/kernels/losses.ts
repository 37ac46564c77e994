import { type Call, integers, type NativeKernel, sizeOf } from '../kernel.ts';

function softmax(call: Call) {
  const logits = call.input('logits');
  const last = logits.shape.length - 1;
  const axis = call.attribute<number | undefined>('dim') ?? -1;
  if (logits.dtype !== 'float32' || last < 0 || (axis !== -1 && axis !== last)) return undefined;
  const classes = logits.shape[last]!;
  const y = call.take(logits.shape);
  call.native.softmax(call.floats(logits), y, integers(sizeOf(logits.shape) / classes, classes));
  return call.output(logits.shape, y);
}

/** What all losses on logits take: the arrays, and the integers that say how large they are. */
function lossInputs(call: Call) {
  const [logits, labels] = [call.input('logits'), call.input('labels')];
  if (logits.dtype !== 'float32' || labels.dtype !== 'int32') return undefined;
  const [images, places, classes] = logits.shape as [number, number, number];
  return {
    logits: call.floats(logits),
    labels: call.elements(labels) as Int32Array,
    images,
    places,
    classes,
    shape: [images, places, classes, call.attribute<number>('ignoreLabel')] as const,
  };
}

/** Gives `use` memory that nobody else sees. */
function withScratch(call: Call, length: number, use: (scratch: Float32Array) => void): void {
  const scratch = call.take([length]);
  use(scratch);
  call.backend.pool.release(scratch);
}

function sparseCrossEntropy(call: Call) {
  const inputs = lossInputs(call);
  if (!inputs || !call.areFloat('weights')) return undefined;
  const { logits, labels, images, places, shape } = inputs;
  const losses = call.take([images]);
  withScratch(call, images * places, (scratch) =>
    call.native.sparseCrossEntropy(
      logits,
      labels,
      call.floats(call.input('weights')),
      scratch,
      losses,
      integers(...shape),
      call.attribute<number>('labelSmoothing'),
      call.attribute<number>('gamma'),
    ),
  );
  return call.output([images], losses);
}

function sparseCrossEntropyGrad(call: Call) {
  const inputs = lossInputs(call);
  if (!inputs || !call.areFloat('weights', 'dy')) return undefined;
  const { logits, labels, images, shape } = inputs;
  const dlogits = call.take([logits.length]);
  withScratch(call, images, (scratch) =>
    call.native.sparseCrossEntropyGrad(
      logits,
      labels,
      call.floats(call.input('weights')),
      call.floats(call.input('dy')),
      scratch,
      dlogits,
      integers(...shape),
      call.attribute<number>('labelSmoothing'),
      call.attribute<number>('gamma'),
    ),
  );
  return call.output(call.input('logits').shape, dlogits);
}

/** Places whose sums are added up in one go, whatever the number of cores: results do not depend on it. */
const chunk = 256;

function softDice(call: Call) {
  const inputs = lossInputs(call);
  if (!inputs) return undefined;
  const { logits, labels, images, places, classes, shape } = inputs;
  const [losses, slopes] = [call.take([images]), call.take([images, classes, 2])];
  const chunks = images * Math.ceil(places / chunk);
  withScratch(call, chunks * classes * 3, (scratch) =>
    call.native.softDice(
      logits,
      labels,
      scratch,
      losses,
      slopes,
      integers(...shape, call.attribute<number>('firstClass'), chunk),
      call.attribute<number>('smooth'),
    ),
  );
  return [call.output([images], losses), call.output([images, classes, 2], slopes)];
}

function softDiceGrad(call: Call) {
  const inputs = lossInputs(call);
  if (!inputs || !call.areFloat('slopes', 'dy')) return undefined;
  const { logits, labels, shape } = inputs;
  const dlogits = call.take([logits.length]);
  const [slopes, dy] = [call.floats(call.input('slopes')), call.floats(call.input('dy'))];
  call.native.softDiceGrad(logits, labels, slopes, dy, dlogits, integers(...shape));
  return call.output(call.input('logits').shape, dlogits);
}

export const lossKernels: Readonly<Record<string, NativeKernel>> = {
  Softmax: softmax,
  SparseCrossEntropy: sparseCrossEntropy,
  SparseCrossEntropyGrad: sparseCrossEntropyGrad,
  SoftDice: softDice,
  SoftDiceGrad: softDiceGrad,
};
