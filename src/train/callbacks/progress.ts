import { relative } from 'node:path';
import { labelOf } from '../../attacks/create.ts';
import type { Callback, EpochRecord, Run } from '../callback.ts';

/** Where progress is shown: `process.stdout`, or anything that takes text. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Shows how a run goes: one line an epoch, and on a terminal a bar for the epoch under way with the time left
 * to the end of the run.
 */
export function progress(screen: Screen = process.stdout): Callback {
  const bar = (text: string) => {
    if (screen.isTTY) screen.write(`\r${text.slice(0, (screen.columns || 80) - 1)}\x1b[K`);
  };
  const line = (text: string) => screen.write(`${screen.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  let epochStart = 0;
  let firstBatch = -1;
  // Only for the time left: nothing that is recorded depends on it.
  let epochSeconds: number | undefined;

  return {
    name: 'progress',
    onRunStart(run) {
      epochStart = performance.now();
      for (const text of introduction(run)) line(text);
    },
    onBatchEnd(run, { epoch, batch, batches, loss }) {
      if (!screen.isTTY) return;
      if (batch === 0 || firstBatch < 0) firstBatch = batch;
      const seconds = (performance.now() - epochStart) / 1000;
      const perBatch = seconds / (batch - firstBatch + 1);
      const left =
        (batches - batch - 1) * perBatch +
        (run.experiment.epochs - epoch) * (epochSeconds ?? batches * perBatch);
      const done = Math.round((16 * (batch + 1)) / batches);
      const drawn = '█'.repeat(done) + '░'.repeat(16 - done);
      bar(
        `epoch ${epoch}/${run.experiment.epochs} ${drawn} loss ${loss.toFixed(4)}, about ${duration(left)} left`,
      );
    },
    onMeasure(run, { epoch }) {
      bar(`epoch ${epoch}/${run.experiment.epochs} measuring`);
      return {};
    },
    onRecord(run, record) {
      epochSeconds = (performance.now() - epochStart) / 1000;
      epochStart = performance.now();
      firstBatch = -1;
      line(summaryOf(run, record, epochSeconds));
    },
    onRunEnd() {
      bar('');
    },
  };
}

function introduction({ experiment, directory, net, train, validation, records }: Run): string[] {
  const { attacks, images, budget, epsilons, norm, everyEpochs } = experiment.robustness ?? { attacks: [] };
  const lines = [
    `${experiment.name}: ${net.name}, ${net.model.countParams().toLocaleString('en')} parameters, ` +
      `${train.samples.length} images to train on, ${validation.samples.length} to validate, ${experiment.epochs} ${experiment.epochs === 1 ? 'epoch' : 'epochs'}`,
    `run: ${relative(process.cwd(), directory.path) || '.'}`,
  ];
  if (attacks.length > 0) {
    const names = attacks.map(labelOf).join(', ');
    const often = everyEpochs === 1 ? 'every epoch' : `every ${everyEpochs} epochs`;
    const attacked = Math.min(images ?? 0, validation.samples.length);
    const most = budget === undefined ? '' : 'up to ';
    lines.push(
      `robustness: ${names} on ${most}${attacked} images at ${epsilons?.length} epsilons (${norm}), ${often}`,
    );
  }
  const last = records.at(-1);
  if (last) lines.push(`resumed after epoch ${last.epoch}`);
  return lines;
}

function summaryOf({ experiment }: Run, { epoch, measurements }: EpochRecord, seconds: number): string {
  const shown = [`loss ${figure(measurements['train/loss'])}`];
  const names = ['loss', ...experiment.metrics];
  shown.push(
    `validation ${names.map((name) => `${name} ${figure(measurements[`validation/${name}`])}`).join(' ')}`,
  );
  const areas = Object.entries(measurements).filter(([name]) => /^robustness\/.+\/auc$/.test(name));
  if (areas.length > 0) {
    const of = areas.map(([name, value]) => `${name.split('/')[1]} ${figure(value)}`);
    shown.push(`area under ${of.join(' ')}`);
  }
  return `epoch ${epoch}/${experiment.epochs}  ${shown.join('  ')}  ${duration(seconds)}`;
}

function figure(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(4);
}

/** `42 s`, `3 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
