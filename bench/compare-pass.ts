import type { BenchmarkCase } from './case.ts';
import type { Side } from './processes.ts';
import { median, type Row, ratioOf } from './rows.ts';
import type { Pass } from './step.ts';

interface Ours {
  readonly engine: string;
  readonly milliseconds: number;
  readonly peakMegabytes: number;
  readonly parameters: number;
}

interface Theirs {
  readonly version: string;
  readonly milliseconds: Record<string, number>;
  readonly peakMegabytes: number;
  readonly parameters: number;
}

/** One pass of one net. With 'bf16', PyTorch may take float32 or, under autocast, bfloat16. */
export function comparePass(
  side: Side,
  benchmark: BenchmarkCase,
  pass: Pass,
  precision: Row['precision'],
): Row {
  const { rounds, seconds, threads } = side;
  const args = [JSON.stringify(benchmark), pass, String(seconds), String(threads), precision];
  const ours: Ours[] = [];
  const theirs: Theirs[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(side.ours<Ours>('step.ts', args));
    if (side.torch) theirs.push(side.torch<Theirs>('peers/torch_step.py', args));
  }
  const times = ours.map(({ milliseconds }) => milliseconds);
  const row: Row = {
    kind: 'step',
    name: `${benchmark.name} ${pass}`,
    precision,
    engine: ours[0]?.engine ?? '',
    oursMs: median(times),
    oursPeakMb: Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes)),
    rounds,
    seconds,
  };
  if (theirs.length === 0) return row;
  if (theirs[0]?.parameters !== ours[0]?.parameters) {
    const counts = `we train ${ours[0]?.parameters} parameters, PyTorch ${theirs[0]?.parameters}`;
    throw new Error(`${benchmark.name}: ${counts}.`);
  }
  const best = theirs.map(({ milliseconds }) => Math.min(...Object.values(milliseconds)));
  return {
    ...row,
    reference: `PyTorch ${theirs[0]?.version}`,
    referencePeakMb: Math.max(...theirs.map(({ peakMegabytes }) => peakMegabytes)),
    ...ratioOf(times, best),
  };
}
