// What a benchmark found: one line of `--json`.

/** Times in milliseconds, memory in MB. */
export interface Row {
  readonly kind: 'step' | 'kernel' | 'epoch' | 'loader' | 'curve' | 'strength' | 'segmentation' | 'attack';
  readonly name: string;
  /** Of ours; PyTorch has its choice of all up to it. */
  readonly precision: 'f32' | 'bf16';
  readonly engine: string;
  readonly oursMs: number;
  readonly oursPeakMb?: number;
  /** Such as `PyTorch 2.13.0`. This and what follows is absent without a PyTorch. */
  readonly reference?: string;
  readonly referenceMs?: number;
  readonly referencePeakMb?: number;
  readonly ratio?: number;
  /** The smallest and the largest ratio of the rounds. */
  readonly spread?: readonly [number, number];
  /** Of convolutions: what oneDNN alone takes in the layouts that it prefers; absent without one. */
  readonly oneDnnMs?: number;
  /** Of kernels: how often a step does this. */
  readonly count?: number;
  /** Of epochs: the metric on the validation images; both sides attack those that are right. */
  readonly oursClean?: number;
  readonly referenceClean?: number;
  /** Of attacks: the metric of the attacked images at each epsilon, on both sides. */
  readonly values?: readonly {
    readonly epsilon: number;
    readonly ours: number;
    readonly reference?: number;
  }[];
  readonly images?: number;
  /** Of one image, for all epsilons. */
  readonly gradients?: number;
  readonly rounds: number;
  /** Of attacks. */
  readonly threads?: number;
  /** How long each was repeated. */
  readonly seconds: number;
}

export const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

/** Of times of the same rounds, both in order. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]) {
  const ratios = theirs.map((time, round) => time / (ours[round] as number));
  const spread: readonly [number, number] = [Math.min(...ratios), Math.max(...ratios)];
  return { referenceMs: median(theirs), ratio: median(theirs) / median(ours), spread };
}

export const milliseconds = (time: number) => `${time.toFixed(time < 10 ? 3 : 1)} ms`;

export const ratioText = ({ ratio = 0, spread: [low, high] = [0, 0] }: Pick<Row, 'ratio' | 'spread'>) =>
  `${ratio.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;

/** `0.5/255`. */
export const levels = (epsilon: number) => `${Number((epsilon * 255).toPrecision(4))}/255`;

/** One line for people. */
export function describeRow(row: Row): string {
  const { precision, oursMs, oursPeakMb, referenceMs, referencePeakMb, oneDnnMs } = row;
  const memory = (megabytes?: number) => (megabytes === undefined ? [] : [`${megabytes.toFixed(0)} MB`]);
  const name = precision === 'f32' ? row.name : `${row.name}, ${precision}`;
  const parts = [name, milliseconds(oursMs), ...memory(oursPeakMb)];
  if (referenceMs !== undefined) {
    parts.push(milliseconds(referenceMs), ...memory(referencePeakMb), ratioText(row));
  }
  if (oneDnnMs !== undefined) parts.push(`${((100 * oneDnnMs) / oursMs).toFixed(0)} % of oneDNN alone`);
  for (const { epsilon, ours, reference } of row.values ?? []) {
    const beside = reference === undefined ? '' : ` / ${reference.toFixed(4)}`;
    parts.push(`${levels(epsilon)}: ${ours.toFixed(4)}${beside}`);
  }
  return parts.join('   ');
}
