// tfjs' `cpu` backend with memory of our own. Tensors stay typed arrays, so every kernel in JavaScript still works.
//
// tfjs hands its arrays out and takes them in without a copy. What the pool owns is therefore copied where it
// would leave (`readSync`) and where a kernel would store a part of it in another tensor (`write`), and only what
// the pool owns is ever written to or used again.
//
// A float32 tensor may be stored as bfloat16, in a Uint16Array. Nobody else sees that: what leaves is float32, and
// `restore` makes it so for a kernel that knows no other storage.

import type * as tf from '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { keptFilter } from '../ops/kept-filters.ts';
import type { NativeBinding } from './binding.ts';
import { BufferPool, type Elements, type ElementType, type Halves, type Storage } from './pool.ts';

type Values = tf.backend_util.BackendValues;
type DataId = tf.DataId;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function isNumeric(dtype: tf.DataType): dtype is ElementType {
  return dtype in arrays;
}

export class OneDnnBackend extends MathBackendCPU {
  readonly native: NativeBinding;
  readonly pool: BufferPool;
  /** Of filters of which copies are kept. */
  readonly #numbers = new Map<DataId, number>();
  readonly #held = new WeakSet<DataId>();

  constructor(native: NativeBinding) {
    super();
    this.native = native;
    const result = new Int32Array(1);
    this.pool = new BufferPool((bytes) => {
      native.misalignment(bytes, result);
      return result[0]!;
    });
    // tfjs prints an advertisement at the first tensor.
    Reflect.set(this, 'firstUse', false);
  }

  override write(values: Values, shape: number[], dtype: tf.DataType): DataId {
    return super.write(this.#stored(values, dtype), shape, dtype);
  }

  override move(dataId: DataId, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    super.move(dataId, this.#stored(values, dtype), shape, dtype, refCount);
  }

  /** The array of the type's own class, and of nobody else's memory that the pool knows. */
  #stored(values: Values, dtype: tf.DataType): Values {
    if (values == null || !isNumeric(dtype)) return values;
    const typed = values as Elements;
    if (!(typed instanceof arrays[dtype])) return arrays[dtype].from(typed as ArrayLike<number>);
    return this.pool.owns(typed) ? typed.slice() : typed;
  }

  override readSync(dataId: DataId): Values {
    const info = { dataId } as tf.TensorInfo;
    const halves = this.halves(info);
    if (halves) {
      const floats = new Float32Array(halves.length);
      this.native.widen(halves, floats);
      return floats;
    }
    this.restore(info);
    const values = super.readSync(dataId);
    return ArrayBuffer.isView(values) && this.pool.owns(values as Elements)
      ? (values as Elements).slice()
      : values;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const { values } = this.data.get(dataId);
    const disposed = super.disposeData(dataId, force);
    if (disposed && ArrayBuffer.isView(values)) this.pool.release(values as Storage);
    if (disposed) this.#release(dataId);
    return disposed;
  }

  /** The number under which the addon keeps copies of a filter; 0 for one that may change. */
  keptNumber({ dataId }: tf.TensorInfo): number {
    if (!keptFilter(dataId)) return 0;
    const known = this.#numbers.get(dataId);
    if (known !== undefined) return known;
    const result = new Int32Array(1);
    this.native.keepFilter(result);
    this.#numbers.set(dataId, result[0]!);
    return result[0]!;
  }

  /** The values of a filter, or null where `dropValues` let go of them. */
  valuesAtHand(info: tf.TensorInfo): Float32Array | null {
    return this.data.get(info.dataId).values ? (this.elements(info) as Float32Array) : null;
  }

  /** Keeps `dropValues` from a filter that some convolution reads at every call. */
  holdValues({ dataId }: tf.TensorInfo): void {
    if (this.#numbers.has(dataId)) this.#held.add(dataId);
  }

  /** Lets go of the values of a kept filter until they are asked for. */
  dropValues({ dataId }: tf.TensorInfo): void {
    const data = this.data.get(dataId);
    if (!data.values || !this.#numbers.has(dataId) || this.#held.has(dataId)) return;
    this.pool.release(data.values as Elements);
    Reflect.deleteProperty(data, 'values');
  }

  /** Sees to it that a tensor has its values, as its dtype has them: makes those of a kept filter again, widens bfloat16. */
  restore(info: tf.TensorInfo): void {
    const data = this.data.get(info.dataId);
    const make = keptFilter(info.dataId);
    if (!data.values && make) data.values = make();
    const halves = this.halves(info);
    if (!halves) return;
    const floats = this.pool.take('float32', halves.length);
    this.native.widen(halves, floats);
    this.pool.release(halves);
    data.values = floats;
  }

  /** The bfloat16 that a tensor is stored as, if it is; to read, and until it is restored. */
  halves({ dataId }: tf.TensorInfo): Halves | undefined {
    const values = this.data.get(dataId).values as unknown;
    return values instanceof Uint16Array ? values : undefined;
  }

  #release(dataId: DataId): void {
    const number = this.#numbers.get(dataId);
    if (number === undefined) return;
    this.#numbers.delete(dataId);
    this.native.releaseFilter(number);
  }

  /** The elements of a numeric tensor, to read; of the class of its dtype. */
  elements(info: tf.TensorInfo): Elements {
    this.restore(info);
    const values = this.data.get(info.dataId).values as Elements;
    const array = arrays[info.dtype as ElementType];
    return values instanceof array ? values : array.from(values as ArrayLike<number>);
  }

  /** Makes a tensor of an array that the pool gave. */
  adopt(values: Storage, shape: readonly number[], dtype: ElementType): tf.TensorInfo {
    const dataId = super.write(values as Elements, shape as number[], dtype);
    return { dataId, shape: shape as number[], dtype };
  }

  /** The array in which the next elements of a tensor are to be written: its own, if that is the pool's. */
  writable(info: tf.TensorInfo): Float32Array {
    const values = this.elements(info) as Float32Array;
    return this.pool.owns(values) ? values : this.pool.take('float32', values.length);
  }

  /** Gives a tensor, and all that share its storage, the array that `writable` returned. */
  replace(info: tf.TensorInfo, values: Float32Array): void {
    this.data.get(info.dataId).values = values;
  }
}
