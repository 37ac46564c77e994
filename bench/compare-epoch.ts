import type { Experiment } from '../src/train/experiment.ts';
import type { Side } from './processes.ts';
import { median, type Row, ratioOf } from './rows.ts';

interface Ours {
  readonly engine: string;
  readonly milliseconds: number;
  readonly peakMegabytes: number;
  readonly clean: number;
}

interface Theirs {
  readonly version: string;
  readonly milliseconds: Record<string, number>;
  readonly peakMegabytes: number;
  readonly clean: Record<string, number>;
}

/** The last epoch of an experiment: training, validation, robustness curve, checkpoint. */
export function compareEpoch(side: Side, experiment: Experiment): Row {
  const { rounds, seconds, threads, folder } = side;
  const args = [JSON.stringify(experiment), folder, String(threads)];
  const ours: Ours[] = [];
  const theirs: Theirs[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(side.ours<Ours>('epoch.ts', args));
    if (side.torch) theirs.push(side.torch<Theirs>('peers/torch_epoch.py', args));
  }
  const times = ours.map(({ milliseconds }) => milliseconds);
  const row: Row = {
    kind: 'epoch',
    name: `${experiment.name} epoch`,
    precision: 'f32',
    engine: ours[0]?.engine ?? '',
    oursMs: median(times),
    oursPeakMb: Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes)),
    oursClean: median(ours.map(({ clean }) => clean)),
    rounds,
    seconds,
  };
  if (theirs.length === 0) return row;
  const best = theirs.map(({ milliseconds }) => Math.min(...Object.values(milliseconds)));
  return {
    ...row,
    reference: `PyTorch ${theirs[0]?.version}`,
    referencePeakMb: Math.max(...theirs.map(({ peakMegabytes }) => peakMegabytes)),
    referenceClean: median(theirs.flatMap(({ clean }) => Object.values(clean))),
    ...ratioOf(times, best),
  };
}
