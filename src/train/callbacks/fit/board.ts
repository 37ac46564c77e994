// Where the callbacks of one `model.fit` meet: what `tensorBoard` opens, others draw on.

import type * as tf from '@tensorflow/tfjs';
import type { SummaryFileWriter } from '../../../summary/writer.ts';

export interface Board {
  /** Of what is measured on validation data; opened when it is first asked for. */
  validation(): SummaryFileWriter;
  /** Names in the logs of `fit` that somebody has written already. */
  readonly written: Set<string>;
}

const boards = new WeakMap<tf.LayersModel, Board>();

/** `model` is the one that `setModel` was called with. */
export function openBoard(model: tf.LayersModel, board: Board): void {
  boards.set(model, board);
}

/** Undefined where `fit` has no `tensorBoard` among its callbacks. */
export function boardOf(model: tf.LayersModel): Board | undefined {
  return boards.get(model);
}

export function closeBoard(model: tf.LayersModel): void {
  boards.delete(model);
}
