// Memory of tensors, used again instead of returned: fresh memory costs a page fault every 4 kB.

import { totalmem } from 'node:os';

export type Elements = Float32Array | Int32Array | Uint8Array;
export type ElementType = 'float32' | 'int32' | 'bool';
/** bfloat16, in place of the elements of a float32 tensor. */
export type Halves = Uint16Array;
export type Storage = Elements | Halves;
export type StorageType = ElementType | 'half';

interface Block {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly bytes: number;
  /** The array that was made on it last; most often, the next one is the same. */
  view: Storage;
  taken: boolean;
}

const alignment = 64;
const smallestBlock = 256;

/** Blocks come in four sizes per power of two, so that at most a fifth of one is idle. */
function blockBytes(bytes: number): number {
  if (bytes <= smallestBlock) return smallestBlock;
  const quarter = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / quarter) * quarter;
}

const bytesOf: Readonly<Record<StorageType, number>> = { float32: 4, int32: 4, bool: 1, half: 2 };

function viewOn(buffer: ArrayBuffer, start: number, type: StorageType, length: number): Storage {
  if (type === 'float32') return new Float32Array(buffer, start, length);
  if (type === 'int32') return new Int32Array(buffer, start, length);
  return type === 'half' ? new Uint16Array(buffer, start, length) : new Uint8Array(buffer, start, length);
}

function isView(view: Storage, type: StorageType, length: number): boolean {
  if (view.length !== length) return false;
  if (type === 'float32') return view instanceof Float32Array;
  if (type === 'int32') return view instanceof Int32Array;
  return type === 'half' ? view instanceof Uint16Array : view instanceof Uint8Array;
}

export class BufferPool {
  // Blocks by size; the size used longest ago comes first.
  readonly #idle = new Map<number, Block[]>();
  readonly #blocks = new WeakMap<ArrayBufferLike, Block>();
  readonly #misalignment: (bytes: Uint8Array) => number;
  readonly #mostIdleBytes: number;
  #takenBytes = 0;
  #idleBytes = 0;

  /** `misalignment` says how many bytes an array begins after a multiple of 64. */
  constructor(misalignment: (bytes: Uint8Array) => number, mostIdleBytes = totalmem() / 4) {
    this.#misalignment = misalignment;
    this.#mostIdleBytes = mostIdleBytes;
  }

  /** Bytes of the arrays in use, and of those kept for later. */
  get bytes(): { readonly taken: number; readonly idle: number } {
    return { taken: this.#takenBytes, idle: this.#idleBytes };
  }

  /** An array whose elements are anything. */
  take(type: 'float32', length: number): Float32Array;
  take(type: 'half', length: number): Halves;
  take(type: ElementType, length: number): Elements;
  take(type: StorageType, length: number): Storage {
    const bytes = blockBytes(bytesOf[type] * length);
    const block = this.#idle.get(bytes)?.pop() ?? this.#allocate(bytes);
    if (!block.taken) this.#idleBytes -= bytes;
    block.taken = true;
    this.#takenBytes += bytes;
    if (!isView(block.view, type, length)) block.view = viewOn(block.buffer, block.start, type, length);
    return block.view;
  }

  #allocate(bytes: number): Block {
    const buffer = new ArrayBuffer(bytes + alignment);
    const ahead = this.#misalignment(new Uint8Array(buffer));
    const start = ahead === 0 ? 0 : alignment - ahead;
    const block = { buffer, start, bytes, view: new Uint8Array(buffer, start, bytes), taken: false };
    this.#blocks.set(buffer, block);
    this.#idleBytes += bytes;
    return block;
  }

  /** Whether the array lies in memory of the pool. */
  owns(view: Storage): boolean {
    return this.#blocks.has(view.buffer);
  }

  /** Takes an array back, which nobody may use any more. Arrays of others are left alone. */
  release(view: Storage): void {
    const block = this.#blocks.get(view.buffer);
    if (!block?.taken) return;
    block.taken = false;
    this.#takenBytes -= block.bytes;
    this.#idleBytes += block.bytes;
    const alike = this.#idle.get(block.bytes) ?? [];
    this.#idle.delete(block.bytes);
    this.#idle.set(block.bytes, alike);
    alike.push(block);
    if (this.#idleBytes > this.#mostIdleBytes) this.#trim();
  }

  #trim(): void {
    for (const [bytes, blocks] of this.#idle) {
      while (blocks.length > 0 && this.#idleBytes > this.#mostIdleBytes) {
        blocks.pop();
        this.#idleBytes -= bytes;
      }
      if (blocks.length === 0) this.#idle.delete(bytes);
      if (this.#idleBytes <= this.#mostIdleBytes) return;
    }
  }
}
