// The contract of callbacks: they measure or they act.
//
//   onRunStart → ( onBatchEnd × batches → onMeasure → onRecord ) × epochs → onRunEnd
//
// `onMeasure` returns figures and changes nothing; the loop merges and records them once. `onRecord` sees
// the complete record and acts. Within a hook, callbacks run in list order, which decides nothing.
// Callbacks keep no state that `run.records` does not hold, so resuming needs nothing from them.

import type { Logger } from 'pino';
import type { Dataset } from '../data/dataset.ts';
import type { Net } from '../nets/net.ts';
import type { Random } from '../random.ts';
import type { SummaryFileWriter } from '../summary/writer.ts';
import type { Experiment } from './experiment.ts';
import type { RunDirectory } from './run-directory.ts';

export type Measurements = Readonly<Record<string, number>>;

/** One line of metrics.jsonl. */
export interface EpochRecord {
  /** The first epoch is 1. */
  readonly epoch: number;
  /** Optimizer steps since the start of the run. */
  readonly step: number;
  readonly measurements: Measurements;
  /**
   * Seconds, of the measurements named `time/…`. In the log and in TensorBoard, but not in metrics.jsonl,
   * whose bytes depend on the seed and the engine alone; so absent from records of before a resume.
   */
  readonly times?: Measurements;
}

/** What a callback may see. */
export interface Run {
  readonly experiment: Experiment;
  readonly net: Net;
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly random: Random;
  readonly directory: RunDirectory;
  readonly summary: SummaryFileWriter;
  readonly log: Logger;
  /** Aborted when the run is interrupted. Long measurements look at it between batches: `throwIfAborted()`. */
  readonly signal: AbortSignal;
  /** Earlier epochs, those before a resume included. */
  readonly records: readonly EpochRecord[];
  /**
   * Takes the state after the epoch just recorded, and writes it as `later` does; cheap when that is already asked for.
   */
  saveCheckpoint(): Promise<void>;
  /**
   * Does something that no measurement needs, such as drawing and writing, while the next epoch trains: after all that was
   * asked for before, and before the end of that epoch. An error ends the run.
   */
  later(task: () => Promise<void> | void): void;
  /** Ends the run: after this epoch, or at once with what is saved when `reason` is 'interrupted'. */
  stop(reason: string): void;
}

export interface Callback {
  readonly name: string;
  onRunStart?(run: Run): Promise<void> | void;
  onBatchEnd?(
    run: Run,
    batch: { epoch: number; step: number; batch: number; batches: number; loss: number },
  ): void;
  /** `seconds` is how long training took in this epoch, before a resume included. */
  onMeasure?(
    run: Run,
    at: { epoch: number; step: number; seconds?: number },
  ): Promise<Measurements> | Measurements;
  onRecord?(run: Run, record: EpochRecord): Promise<void> | void;
  onRunEnd?(run: Run): Promise<void> | void;
}
