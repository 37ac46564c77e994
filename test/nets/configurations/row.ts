// Published configurations of nets, and how a family answers for them. A file of this folder holds the rows of one
// family; `test/nets/counts.test.ts` finds it by itself.

import type { NetChoice } from '../../../src/nets/create.ts';

/** A row of `test/golden/nets/open.json.gz`. Shapes are without the batch. */
export interface Row {
  readonly name: string;
  readonly family: string;
  /** `convention` names a paragraph of the file's `conventions`. */
  readonly config: Readonly<Record<string, string | number | boolean>>;
  /** [height, width, channels], or [depth, height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly params_total: number;
  readonly params_trainable: number;
  readonly macs: number;
  /** A list of shapes where there are auxiliary heads. */
  readonly output_shape: readonly number[] | readonly (readonly number[])[];
  readonly stage_shapes: Readonly<Record<string, readonly number[]>>;
}

export interface Configuration {
  readonly choice: NetChoice;
  /**
   * Our stage, or layer, for a stage of the row. Without it, or where it gives undefined, ours has the same name; and
   * where there is none of that name, some layer must give the shape. null: ours has no such map, by design.
   */
  readonly stageOf?: (theirs: string) => string | undefined | null;
}

/** What a file of this folder exports: the net for a row, undefined where the row is of another family. */
export interface Family {
  choiceOf(row: Row): Configuration | undefined;
}
