// Checkpoints: epoch-0010/{model.json, weights.bin, optimizer.bin, state.json} in a run's directory, and
// interrupted/ for a run stopped within an epoch. model.json and weights.bin are what
// `tf.loadLayersModel` of plain tfjs loads; state.json holds the checksums of the rest.

import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { messageOf, RunError } from '../errors.ts';
import { formatLayersModel } from '../exchange/layers-model.ts';
import type { Net } from '../nets/net.ts';
import { type Content, orRunError, replaceDirectory } from './files.ts';
import type { Optimizer } from './optimizers.ts';

/** Where a run stands: which batch comes next, and the sums of the epoch under way. */
export interface Position {
  /** The epoch under way; the first is 1. */
  readonly epoch: number;
  /** The next batch of it; the first is 0. */
  readonly batch: number;
  /** Optimizer steps taken. */
  readonly step: number;
  /** Loss summed over the images of this epoch so far. */
  readonly lossSum: number;
  readonly images: number;
  /** Spent on training in this epoch so far; absent at its start, so that what is saved there depends on the seed alone. */
  readonly seconds?: number;
}

/** A checkpoint that was read whole: its checksums hold. */
export interface Checkpoint {
  readonly path: string;
  readonly position: Position;
  readonly model: tf.io.ModelJSON;
  /** By their names in the model. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly slots: readonly Float32Array[];
}

interface State {
  readonly format: 1;
  readonly position: Position;
  readonly optimizer: {
    readonly name: string;
    readonly slots: readonly { readonly name: string; readonly length: number }[];
  };
  /** SHA-256 of each other file. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** The directory of the checkpoint after an epoch: `epoch-0010`. */
export function checkpointName(epoch: number): string {
  return `epoch-${String(epoch).padStart(4, '0')}`;
}

/** What a checkpoint is made of. */
export interface CheckpointState {
  readonly net: Net;
  readonly optimizer: Pick<Optimizer, 'name' | 'slots'>;
  readonly position: Position;
}

/** Writes a checkpoint, whole or not at all; one of the same name is replaced. */
export async function saveCheckpoint(run: string, name: string, state: CheckpointState): Promise<void> {
  await writeCheckpoint(run, name, await copyState(state));
}

/** The files of a checkpoint. */
export type CheckpointFiles = Readonly<Record<string, Content>>;

/** Copies of all that a checkpoint is made of: training may go on. */
export async function copyState({ net, optimizer, position }: CheckpointState): Promise<CheckpointFiles> {
  const { model, weights } = await formatLayersModel(net.model);
  const slots = await Promise.all(optimizer.slots.map(({ variable }) => variable.data<'float32'>()));
  const files = {
    'model.json': [Buffer.from(model)],
    'weights.bin': [weights],
    'optimizer.bin': slots.map((slot) => new Uint8Array(slot.slice().buffer)),
  };
  const description: State = {
    format: 1,
    position,
    optimizer: {
      name: optimizer.name,
      slots: optimizer.slots.map(({ name, variable }) => ({ name, length: variable.size })),
    },
    checksums: Object.fromEntries(Object.entries(files).map(([file, parts]) => [file, sha256(...parts)])),
  };
  return { ...files, 'state.json': `${JSON.stringify(description, null, 2)}\n` };
}

/** As `saveCheckpoint`. */
export async function writeCheckpoint(run: string, name: string, files: CheckpointFiles): Promise<void> {
  await orRunError(`Cannot save the checkpoint ${join(run, name)}; earlier ones are kept`, () =>
    replaceDirectory(join(run, name), files),
  );
}

/** Reads a checkpoint and verifies it. Throws `RunError` where a file is absent, torn or changed. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  try {
    const state = checkState(JSON.parse(await readFile(join(path, 'state.json'), 'utf8')));
    const files = new Map<string, Buffer>();
    for (const [name, checksum] of Object.entries(state.checksums)) {
      const content = await readFile(join(path, name));
      if (sha256(content) !== checksum) throw new Error(`${name} is not what was written`);
      files.set(name, content);
    }
    const file = (name: string) => files.get(name) ?? Buffer.alloc(0);
    const model = JSON.parse(file('model.json').toString()) as tf.io.ModelJSON;
    const specs = model.weightsManifest.flatMap((group) => group.weights);
    return {
      path,
      position: state.position,
      model,
      weights: named(
        specs.map(({ name }) => name),
        split(
          file('weights.bin'),
          specs.map(({ shape }) => tf.util.sizeFromShape(shape)),
        ),
      ),
      slots: split(
        file('optimizer.bin'),
        state.optimizer.slots.map(({ length }) => length),
      ),
    };
  } catch (error) {
    // A parser quotes what it stumbled over, line breaks and all.
    const reason = messageOf(error).replaceAll(/\s+/g, ' ').replace(/\.$/, '');
    throw new RunError(`The checkpoint ${path} cannot be used: ${reason}.`, { cause: error });
  }
}

/** Refuses a state.json that is whole JSON but not a state: no checksum holds for it. */
function checkState(state: unknown): State {
  const { position, optimizer, checksums } = (state ?? {}) as Partial<State>;
  const { epoch, batch, step, lossSum, images } = position ?? {};
  const whole = [epoch, batch, step, images].every(
    (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  );
  const sums = Object.entries(checksums ?? {});
  const summed = ['model.json', 'weights.bin', 'optimizer.bin'].every((name) =>
    sums.some(([file]) => file === name),
  );
  const slots = optimizer?.slots;
  if (whole && typeof lossSum === 'number' && sums.length === 3 && summed && Array.isArray(slots)) {
    if (slots.every((slot) => Number.isSafeInteger(slot?.length))) return state as State;
  }
  throw new Error('state.json is not what was written');
}

/** Epochs that have a checkpoint, ascending. */
export async function checkpointedEpochs(run: string): Promise<number[]> {
  const names = await readdir(run);
  const epochs = names.map((name) => Number(/^epoch-(\d{4,})$/.exec(name)?.[1] ?? 'NaN'));
  return epochs.filter((epoch) => !Number.isNaN(epoch)).sort((a, b) => a - b);
}

/** The furthest checkpoint that can be used; `onDamaged` hears of each that cannot. */
export async function newestCheckpoint(
  run: string,
  onDamaged: (message: string) => void,
): Promise<Checkpoint | undefined> {
  const names = (await readdir(run)).includes('interrupted') ? ['interrupted'] : [];
  for (const epoch of (await checkpointedEpochs(run)).reverse()) names.push(checkpointName(epoch));
  let newest: Checkpoint | undefined;
  for (const name of names) {
    try {
      const checkpoint = await loadCheckpoint(join(run, name));
      // `interrupted` may be older than the newest epoch, where the process was killed after both.
      if (!newest || checkpoint.position.step > newest.position.step) newest = checkpoint;
      if (name !== 'interrupted') break;
    } catch (error) {
      onDamaged(messageOf(error));
    }
  }
  return newest;
}

/** Removes the checkpoints of all epochs but these. */
export async function keepCheckpoints(run: string, epochs: ReadonlySet<number>): Promise<void> {
  for (const epoch of await checkpointedEpochs(run)) {
    if (!epochs.has(epoch)) await removeCheckpoint(run, checkpointName(epoch));
  }
}

/** Removes a checkpoint, where it is there. */
export async function removeCheckpoint(run: string, name: string): Promise<void> {
  await rm(join(run, name), { recursive: true, force: true });
}

/** Sets the weights of `model`, by their names. Throws `RunError` where names or sizes differ. */
export function restoreWeights(model: tf.LayersModel, { path, weights }: Checkpoint): void {
  const variables = model.weights.map((weight) => weight.read() as tf.Variable);
  // The order is another where other weights are frozen.
  const arrays = model.weights.flatMap(({ originalName }) => weights.get(originalName) ?? []);
  assignAll(variables, arrays, `weights of ${path}`);
}

/** Sets what was kept beside the weights: `slots` in the order in which they were saved. */
export function restoreSlots(slots: Optimizer['slots'], checkpoint: Checkpoint): void {
  const variables = slots.map(({ variable }) => variable);
  assignAll(variables, checkpoint.slots, `optimizer state of ${checkpoint.path}`);
}

function assignAll(variables: readonly tf.Variable[], arrays: readonly Float32Array[], what: string): void {
  const fits =
    variables.length === arrays.length &&
    variables.every((variable, i) => variable.size === arrays[i]?.length);
  if (!fits) throw new RunError(`The ${what} are of another net or optimizer than this experiment's.`);
  tf.tidy(() => {
    variables.forEach((variable, i) => {
      variable.assign(tf.tensor(arrays[i] as Float32Array, variable.shape));
    });
  });
}

function named(names: readonly string[], arrays: readonly Float32Array[]): ReadonlyMap<string, Float32Array> {
  return new Map(names.map((name, i) => [name, arrays[i] as Float32Array]));
}

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Float32 arrays of these lengths, each with memory of its own: engines may keep and change it. */
function split(bytes: Buffer, lengths: readonly number[]): Float32Array[] {
  let offset = 0;
  return lengths.map((length) => {
    if (length < 0 || offset + 4 * length > bytes.length) throw new Error('it ends early');
    const array = new Float32Array(length);
    bytes.copy(new Uint8Array(array.buffer), 0, offset, offset + array.byteLength);
    offset += array.byteLength;
    return array;
  });
}
