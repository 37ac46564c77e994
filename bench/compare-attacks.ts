// Attacks of ours on a trained net, beside those of other programs on the same net and images.

import { join } from 'node:path';
import type { Attacked, AttackSettings } from './attack-net.ts';
import type { AttackedCase, segmentationCase } from './attacked-cases.ts';
import type { Side } from './processes.ts';
import { median, type Row, ratioOf } from './rows.ts';
import type { Summary } from './trained.ts';

interface Theirs {
  readonly version: string;
  readonly milliseconds: number;
  readonly values: readonly number[];
  readonly peakMegabytes: number;
}

/** What a peer prints who cannot be imported. */
interface Missing {
  readonly missing: string;
}

/** Trains the net, or finds it; gives its folder. */
function trainedIn(side: Side, { experiment, images, batch }: AttackedCase): string {
  const folder = join(side.folder, experiment.name);
  side.ours<Summary>('train-net.ts', [
    JSON.stringify(experiment),
    folder,
    String(images),
    String(batch ?? experiment.data.batchSize),
    String(side.threads),
  ]);
  return folder;
}

function attackOurs(side: Side, folder: string, settings: AttackSettings): Attacked {
  return side.ours<Attacked>('attack-net.ts', [folder, JSON.stringify(settings), String(side.threads)]);
}

function attackTheirs(
  side: Side,
  folder: string,
  [peer, kind]: readonly [peer: string, kind: string],
  settings: object,
): Theirs | undefined {
  const args = [folder, peer, kind, JSON.stringify(settings), String(side.threads)];
  const found = side.torch?.<Theirs | Missing>('peers/torch_attacks.py', args);
  if (!found || !('missing' in found)) return found;
  console.error(`${peer} cannot be imported (${found.missing}): left out.`);
  return undefined;
}

interface Measured {
  readonly kind: Row['kind'];
  readonly name: string;
  readonly epsilons: readonly number[];
  readonly ours: readonly Attacked[];
  readonly theirs: readonly Theirs[];
}

/** Times of several rounds; the values are those of the first, as all are alike. */
function rowOf({ seconds, rounds, threads }: Side, { kind, name, epsilons, ours, theirs }: Measured): Row {
  const [first] = ours as [Attacked];
  const curve = first.curves[0];
  const times = ours.map(({ milliseconds }) => milliseconds);
  return {
    kind,
    name,
    threads,
    precision: 'f32',
    engine: first.engine,
    oursMs: median(times),
    oursPeakMb: Math.max(...ours.map(({ peakMegabytes }) => peakMegabytes)),
    ...(theirs[0] && {
      reference: theirs[0].version,
      referencePeakMb: Math.max(...theirs.map(({ peakMegabytes }) => peakMegabytes)),
      ...ratioOf(
        times,
        theirs.map(({ milliseconds }) => milliseconds),
      ),
    }),
    values: epsilons.map((epsilon, i) => ({
      epsilon,
      ours: curve?.values[i] as number,
      ...(theirs[0] && { reference: theirs[0].values[i] as number }),
    })),
    images: first.images,
    ...(curve && { gradients: curve.gradientsPerImage }),
    rounds,
    seconds,
  };
}

const curves = {
  pgd: { steps: 20, stepSize: 0.125 },
  fgsm: {},
} as const;

/** Whole curves: ours, Foolbox's and torchattacks' in turn. */
export function* compareCurves(side: Side, benchmark: AttackedCase): Generator<Row> {
  const folder = trainedIn(side, benchmark);
  const { epsilons, experiment } = benchmark;
  for (const [name, options] of Object.entries(curves)) {
    const ours: Attacked[] = [];
    const theirs: Record<string, Theirs[]> = { foolbox: [], torchattacks: [] };
    for (let round = 0; round < side.rounds; round++) {
      const attack = { name, ...options } as AttackSettings['attacks'][number];
      ours.push(attackOurs(side, folder, { attacks: [attack], norm: 'linf', epsilons, metric: 'accuracy' }));
      for (const [peer, times] of Object.entries(theirs)) {
        const found = attackTheirs(side, folder, [peer, name], { ...options, epsilons });
        if (found) times.push(found);
      }
    }
    const measured = { kind: 'curve', name: `${experiment.name} ${name}`, epsilons, ours } as const;
    const found = Object.values(theirs).filter((times) => times.length > 0);
    for (const times of found.length > 0 ? found : [[]]) yield rowOf(side, { ...measured, theirs: times });
  }
}

/** Our ensemble and AutoAttack's standard version, once each. */
export function compareStrength(side: Side, benchmark: AttackedCase, images = benchmark.images): Row {
  const folder = trainedIn(side, benchmark);
  const { epsilons, experiment } = benchmark;
  const settings = { epsilons, images };
  const attacks = [{ name: 'autoAttack' }] as const;
  const ours = attackOurs(side, folder, { ...settings, attacks, norm: 'linf', metric: 'accuracy' });
  const theirs = attackTheirs(side, folder, ['autoattack', 'standard'], settings);
  const measured = { kind: 'strength', name: experiment.name, epsilons, ours: [ours] } as const;
  return { ...rowOf(side, { ...measured, theirs: theirs ? [theirs] : [] }), rounds: 1 };
}

/** Our attacks on a segmenter, with as many gradients each. */
export function* compareSegmentation(side: Side, benchmark: typeof segmentationCase): Generator<Row> {
  const folder = trainedIn(side, benchmark);
  const { epsilons, experiment, attacks } = benchmark;
  const found = attackOurs(side, folder, { attacks, norm: 'linf', epsilons, metric: 'dice' });
  for (const curve of found.curves) {
    const own = { ...found, curves: [curve], milliseconds: curve.milliseconds };
    const name = `${experiment.name} ${curve.attack}`;
    const { oursPeakMb: _, ...row } = rowOf(side, {
      ...{ kind: 'segmentation', name, epsilons, theirs: [] },
      ours: [own],
    });
    yield { ...row, rounds: 1 };
  }
}
