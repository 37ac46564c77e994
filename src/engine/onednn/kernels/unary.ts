import type { UnaryName } from '../binding.ts';
import { type Call, type NativeKernel, sizeOf } from '../kernel.ts';
import type { ElementType } from '../pool.ts';

/** In the storage of x. */
function activation(name: UnaryName): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const half = call.isHalf(x);
    const y = call.takeReals(x.shape, half);
    call.native[name](call.reals(x, half), y);
    return call.output(x.shape, y);
  };
}

function unary(name: UnaryName): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const y = call.take(x.shape);
    call.native[name](call.floats(x), y);
    return call.output(x.shape, y);
  };
}

function withAlpha(name: 'leakyRelu' | 'step'): NativeKernel {
  return (call) => {
    if (!call.areFloat('x')) return undefined;
    const x = call.input('x');
    const half = call.isHalf(x);
    const y = call.takeReals(x.shape, half);
    call.native[name](call.reals(x, half), y, call.attribute<number>('alpha'));
    return call.output(x.shape, y);
  };
}

function clipByValue(call: Call) {
  if (!call.areFloat('x')) return undefined;
  const x = call.input('x');
  const y = call.take(x.shape);
  const [low, high] = [call.attribute<number>('clipValueMin'), call.attribute<number>('clipValueMax')];
  call.native.clipByValue(call.floats(x), y, low, high);
  return call.output(x.shape, y);
}

function logicalNot(call: Call) {
  const x = call.input('x');
  if (x.dtype !== 'bool') return undefined;
  const y = call.take(x.shape, 'bool') as Uint8Array;
  call.native.logicalNot(call.elements(x) as Uint8Array, y);
  return call.output(x.shape, y, 'bool');
}

/** The numbers by which native/loops/unary.cc knows them. */
const conversions: Readonly<Record<string, number>> = {
  'float32 int32': 0,
  'float32 bool': 1,
  'int32 float32': 2,
  'int32 bool': 3,
  'bool float32': 4,
  'bool int32': 5,
};

/** tfjs would share the array between the types; here, a tensor's array is of its own type. */
function cast(call: Call) {
  const x = call.input('x');
  const dtype = call.attribute<ElementType>('dtype');
  if (x.dtype === dtype) return call.reshaped(x, x.shape);
  const conversion = conversions[`${x.dtype} ${dtype}`];
  if (conversion === undefined) return undefined;
  const y = call.take(x.shape, dtype);
  call.native.cast(call.elements(x), y, conversion);
  return call.output(x.shape, y, dtype);
}

function filled(call: Call, shape: readonly number[], dtype: ElementType, value: number) {
  const values = call.take(shape, dtype);
  values.fill(value);
  return call.output(shape, values, dtype);
}

function fill(call: Call) {
  const [shape, value] = [call.attribute<number[]>('shape'), call.attribute<number | string>('value')];
  const dtype = call.attribute<string | undefined>('dtype') ?? 'float32';
  if (typeof value !== 'number' || dtype !== 'float32' || sizeOf(shape) === 0) return undefined;
  return filled(call, shape, dtype, value);
}

function filledLike(value: number): NativeKernel {
  return (call) => (call.areFloat('x') ? filled(call, call.input('x').shape, 'float32', value) : undefined);
}

export const unaryKernels: Readonly<Record<string, NativeKernel>> = {
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Elu: activation('elu'),
  LeakyRelu: withAlpha('leakyRelu'),
  Step: withAlpha('step'),
  Neg: unary('neg'),
  Abs: unary('abs'),
  Sign: unary('sign'),
  Square: unary('square'),
  Sqrt: unary('sqrt'),
  Rsqrt: unary('rsqrt'),
  Reciprocal: unary('reciprocal'),
  Exp: unary('exp'),
  Expm1: unary('expm1'),
  Log: unary('log'),
  Log1p: unary('log1p'),
  Sigmoid: unary('sigmoid'),
  Softplus: unary('softplus'),
  Tanh: unary('tanh'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  ClipByValue: clipByValue,
  LogicalNot: logicalNot,
  Cast: cast,
  Fill: fill,
  ZerosLike: filledLike(0),
  OnesLike: filledLike(1),
};
