import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { UsageError } from '../../../errors.ts';
import { requireOption } from '../../../options.ts';
import { type SummaryFileWriter, summaryFileWriter } from '../../../summary/writer.ts';
import { modelGraph } from '../../model-graph.ts';
import { closeBoard, openBoard } from './board.ts';

/** Those of `tf.node.tensorBoard`. */
export interface TensorBoardOptions {
  /** `batch` writes the logs of every batch too, which costs time. Default: `epoch`. */
  readonly updateFreq?: 'batch' | 'epoch';
  /** Every how many epochs the weights are written as histograms; 0, the default, for never. */
  readonly histogramFreq?: number;
}

type Logs = Readonly<Record<string, number>>;

/** Of the bookkeeping of tfjs, not of the model. */
const NO_METRICS = ['batch', 'size', 'num_steps'];

/**
 * A callback for `model.fit` that writes its logs for TensorBoard: what `tf.node.tensorBoard` does, on every engine.
 *
 * `<logdir>/train` and `<logdir>/val` have `epoch_loss` and the other logs by the number of epochs so far, and
 * `batch_loss` by the number of batches; `train` also has the model as a graph. Beside `adversarialEvaluation`,
 * `<logdir>/val` has its figures and pictures too. Each `fit` writes files of its own; with an `initialEpoch` it goes on
 * where that stands, and what earlier ones wrote from there on is no longer shown.
 */
export function tensorBoard(logdir = './logs', options: TensorBoardOptions = {}): tf.CustomCallback {
  const { updateFreq, histogramFreq } = checkOptions(options);
  let model: tf.LayersModel | undefined;
  let batches = 0;
  let writers = openWriters(logdir);
  let written = new Set<string>();

  const write = (logs: Logs, prefix: 'batch_' | 'epoch_', step: number) => {
    for (const [name, value] of Object.entries(logs)) {
      if (NO_METRICS.includes(name) || written.has(name)) continue;
      const validates = name.startsWith('val_');
      const writer = writers.of(validates ? 'val' : 'train');
      writer.scalar(prefix + (validates ? name.slice('val_'.length) : name), value, step);
    }
  };
  const callback = new tf.CustomCallback({
    onTrainBegin: async () => {
      const { initialEpoch, steps, samples, batchSize } = callback.params as Record<string, number>;
      batches = (initialEpoch ?? 0) * (steps ?? (Math.ceil((samples ?? 0) / (batchSize ?? 32)) || 1));
      writers = openWriters(logdir);
      written = new Set();
      if (!model) return;
      openBoard(model, { validation: () => writers.of('val'), written });
      writers.of('train').graph(modelGraph(model));
    },
    ...(updateFreq === 'batch' && {
      onBatchEnd: async (_batch: number, logs?: tf.Logs) => write(logs ?? {}, 'batch_', ++batches),
    }),
    onEpochEnd: async (epoch, logs) => {
      write(logs ?? {}, 'epoch_', epoch + 1);
      if (model && histogramFreq > 0 && epoch % histogramFreq === 0) {
        for (const weight of model.trainableWeights) {
          const values = weight.read() as tf.Tensor;
          writers.of('train').histogram(`weights/${weight.originalName}`, values, epoch + 1);
        }
      }
      writers.flush();
    },
    onTrainEnd: async () => {
      if (model) closeBoard(model);
      writers.close();
    },
  });
  return Object.assign(callback, {
    setModel(trained: unknown) {
      model = trained as tf.LayersModel;
    },
  });
}

function checkOptions(options: TensorBoardOptions): Required<TensorBoardOptions> {
  const { updateFreq = 'epoch', histogramFreq = 0, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new UsageError(`tensorBoard has no option "${unknown}". Its options: updateFreq, histogramFreq.`);
  }
  const known = updateFreq === 'batch' || updateFreq === 'epoch';
  requireOption('tensorBoard', 'updateFreq', known, '"batch" or "epoch"', updateFreq);
  const counts = Number.isSafeInteger(histogramFreq) && histogramFreq >= 0;
  requireOption('tensorBoard', 'histogramFreq', counts, 'a whole number of at least 0', histogramFreq);
  return { updateFreq, histogramFreq };
}

/** Each opened when it is first written to, so that there are no empty ones. */
function openWriters(logdir: string) {
  const open = new Map<'train' | 'val', SummaryFileWriter>();
  return {
    of(part: 'train' | 'val'): SummaryFileWriter {
      const writer = open.get(part) ?? summaryFileWriter(join(logdir, part));
      open.set(part, writer);
      return writer;
    },
    flush() {
      for (const writer of open.values()) writer.flush();
    },
    close() {
      for (const writer of open.values()) writer.close();
    },
  };
}
