// What a run holds while it trains: the loop moves it, callbacks see `run`.

import type { Loader } from '../data/loader.ts';
import { RunError } from '../errors.ts';
import { type Background, createBackground } from './background.ts';
import type { EpochRecord, Run } from './callback.ts';
import {
  checkpointName,
  copyState,
  type Position,
  removeCheckpoint,
  writeCheckpoint,
} from './checkpoints.ts';
import type { Learner } from './step.ts';

export interface Session {
  readonly run: Run;
  readonly learner: Learner;
  readonly loader: Loader;
  /** The same list as `run.records`; the loop adds to it. */
  readonly records: EpochRecord[];
  position: Position;
  /** What `run.later` was asked for. */
  readonly background: Background;
  /** Why the run ends before its last epoch. */
  readonly stopReason: string | undefined;
  /** Saves the epoch just recorded, or the place within an epoch where the run was interrupted. */
  saveWhereItStands(): Promise<void>;
  /** Runs `body` on the net that is measured and saved: with the averages for weights, where the optimizer has any. */
  asMeasured<T>(body: () => Promise<T>): Promise<T>;
  /** Throws `RunError` when training has diverged. */
  requireFiniteWeights(): void;
  /** The error for a training that went wrong numerically: says where, what is saved and what to do. */
  diverged(what: string): RunError;
}

/** Where a run begins. */
export const START: Position = { epoch: 1, batch: 0, step: 0, lossSum: 0, images: 0 };

/** `interrupt` aborts `parts.signal`. */
export function createSession(
  parts: Omit<Run, 'records' | 'saveCheckpoint' | 'later' | 'stop'>,
  state: {
    readonly learner: Learner;
    readonly loader: Loader;
    readonly position: Position;
    readonly records: EpochRecord[];
  },
  interrupt: () => void,
): Session {
  const { learner, loader, records } = state;
  const directory = parts.directory.path;
  const background = createBackground();
  let stopReason: string | undefined;
  let savedStep = state.position.batch === 0 ? state.position.step : -1;

  let averaged = false;
  const asMeasured: Session['asMeasured'] = async (body) => {
    if (averaged) return body();
    averaged = true;
    learner.optimizer.swapAverages();
    try {
      return await body();
    } finally {
      learner.optimizer.swapAverages();
      averaged = false;
    }
  };
  const save = async (name: string) => {
    const position = session.position;
    const { net, optimizer, defence } = learner;
    const slots = [...optimizer.slots, ...(defence?.slots ?? [])];
    const state = { net, optimizer: { name: optimizer.name, slots }, position };
    const files = await asMeasured(() => copyState(state));
    background.add(() => writeCheckpoint(directory, name, files));
    savedStep = position.step;
  };
  const run: Run = {
    ...parts,
    records,
    async saveCheckpoint() {
      const { epoch, batch, step } = session.position;
      if (batch > 0 || epoch === 1 || savedStep === step) return;
      await save(checkpointName(epoch - 1));
      background.add(() => removeCheckpoint(directory, 'interrupted'));
    },
    later: background.add,
    stop(reason) {
      if (reason === 'interrupted') interrupt();
      stopReason ??= reason;
    },
  };
  const session: Session = {
    run,
    learner,
    loader,
    records,
    position: state.position,
    background,
    get stopReason() {
      if (session.position.epoch > parts.experiment.epochs) return undefined;
      return parts.signal.aborted ? 'interrupted' : stopReason;
    },
    async saveWhereItStands() {
      if (session.position.batch === 0) await run.saveCheckpoint();
      else if (session.position.step !== savedStep) {
        session.requireFiniteWeights();
        await save('interrupted');
      }
      await background.settle();
    },
    asMeasured,
    requireFiniteWeights() {
      for (const weight of learner.net.model.weights) {
        const values = weight.read().dataSync<'float32'>();
        // A sum of finite numbers is finite, unless it overflows; then look closer.
        let sum = 0;
        for (let i = 0; i < values.length; i++) sum += values[i] as number;
        if (Number.isFinite(sum)) continue;
        if (values.every(Number.isFinite)) continue;
        throw session.diverged(`the weights ${weight.originalName} became infinite or NaN`);
      }
    },
    diverged(what) {
      const { learningRate } = learner.optimizer.options;
      const saved =
        records.length > 0 ? `What was saved up to epoch ${records.length} is kept` : 'Nothing was saved yet';
      return new RunError(
        `Training diverged in epoch ${session.position.epoch}: ${what}. ` +
          `Start another run with a smaller optimizer.learningRate than ${learningRate}. ${saved} in ${directory}.`,
      );
    },
  };
  return session;
}
