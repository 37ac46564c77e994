import type { BenchmarkCase } from './case.ts';
import type { Work } from './kernel-calls.ts';
import type { TimedWork } from './kernels.ts';
import { timeOneDnn } from './onednn-alone.ts';
import type { Side } from './processes.ts';
import { median, type Row, ratioOf } from './rows.ts';

interface Ours {
  readonly engine: string;
  readonly timed: readonly TimedWork[];
}

interface Theirs {
  readonly version: string;
  readonly milliseconds: readonly number[];
}

/** `convolution 3×3 64→128 /2, 16×56×56`, of which every part that matters is there. */
function nameOf({ operation, x, filter, size, strides, padding, channels, sizes, bias, relu }: Work): string {
  const [batch, ...rest] = x;
  const [kernelHeight, kernelWidth, inputs, outputs] = filter ?? [...(size ?? [])];
  const isWindow = kernelHeight !== undefined;
  const stride = strides?.some((step) => step > 1) ? `/${strides.join('×')}` : '';
  const parts = [
    operation,
    ...(isWindow ? [`${kernelHeight}×${kernelWidth}`] : []),
    ...(inputs === undefined ? [] : [`${inputs}→${outputs}`]),
    ...(stride ? [stride] : []),
    ...(padding?.some((border) => border > 0) ? [`padding ${[...new Set(padding)].join(',')}`] : []),
    ...(bias ? ['bias'] : []),
    ...(relu ? ['relu'] : []),
  ];
  if (sizes) return `${parts.join(' ')} of ${sizes.length} weights`;
  const shape = filter ? [batch, ...rest.slice(0, -1)] : [batch, ...rest];
  return `${parts.join(' ')}, ${shape.join('×')}${channels ? ` and ${channels.slice(1).join(', ')}` : ''}`;
}

/** The kernels of a training step, each by itself; a fortieth of the seconds for each. */
export function* compareKernels(side: Side, benchmark: BenchmarkCase): Generator<Row> {
  const { rounds, threads } = side;
  const seconds = side.seconds / 40;
  const ours: Ours[] = [];
  const theirs: Theirs[] = [];
  const alone: (readonly (number | undefined)[])[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = side.ours<Ours>('kernels.ts', [JSON.stringify(benchmark), String(seconds), String(threads)]);
    const work = one.timed.map((timed) => timed.work);
    ours.push(one);
    if (side.torch) {
      const args = [String(seconds), String(threads)];
      theirs.push(side.torch<Theirs>('peers/torch_kernels.py', args, JSON.stringify(work)));
    }
    const times = timeOneDnn(work, seconds, side);
    if (times) alone.push(times);
  }
  for (const [i, { work, count }] of (ours[0]?.timed ?? []).entries()) {
    const times = ours.map(({ timed }) => timed[i]?.milliseconds as number);
    const oneDnn = alone.flatMap((round) => round[i] ?? []);
    yield {
      kind: 'kernel',
      name: `${benchmark.name} ${nameOf(work)}`,
      precision: 'f32',
      engine: ours[0]?.engine ?? '',
      oursMs: median(times),
      count,
      ...(theirs.length > 0 && {
        reference: `PyTorch ${theirs[0]?.version}`,
        ...ratioOf(
          times,
          theirs.map((round) => round.milliseconds[i] as number),
        ),
      }),
      ...(oneDnn.length > 0 && { oneDnnMs: median(oneDnn) }),
      rounds,
      seconds,
    };
  }
}
