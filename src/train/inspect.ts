// What is in a data set: counts, sizes, intensities, patients, duplicates, leaks, bad files.

import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { Dataset, Sample, SplitName } from '../data/dataset.ts';
import { createTally } from '../data/intensity.ts';
import { type SharedPatient, type SplitIndices, sharedPatients } from '../data/split.ts';
import { type BadSample, readAll } from '../data/verify.ts';

/** One split, or all samples. */
export interface PartSummary {
  readonly samples: number;
  readonly patients: number;
  /** Of each class the samples that have it; in segmentation the share of pixels, of the samples that can be read. */
  readonly classes: readonly number[];
}

/** Samples whose pixels are the same. */
export interface Duplicates {
  readonly ids: readonly string[];
  /** The split of each of `ids`; absent where the data are not divided. */
  readonly splits?: readonly SplitName[];
  /** Whether their labels differ. */
  readonly contradictory: boolean;
}

export interface Inspection {
  readonly name: string;
  readonly task: Dataset['task'];
  readonly imageShape: readonly number[];
  readonly classes: readonly string[];
  readonly all: PartSummary;
  /** Absent where the data are not divided. */
  readonly splits?: Readonly<Record<SplitName, PartSummary>>;
  /** Of each channel, after decoding, in [0, 1]. Absent where nothing can be read. */
  readonly intensities?: readonly {
    readonly lowest: number;
    readonly highest: number;
    readonly mean: number;
    readonly deviation: number;
  }[];
  /** Width and height of the files, and how many there are of each, the most frequent first; only of image files. */
  readonly fileSizes: readonly { readonly width: number; readonly height: number; readonly count: number }[];
  /** Bits of a value, and how many files have them, the most frequent first; only of image files. */
  readonly fileBits: readonly { readonly bits: number; readonly count: number }[];
  readonly duplicates: readonly Duplicates[];
  /** Patients in more than one split. */
  readonly leaks: readonly SharedPatient[];
  readonly bad: readonly BadSample[];
}

const SPLITS = ['train', 'validation', 'test'] as const satisfies readonly SplitName[];

/** Gathers what is to be known of samples that can be read. */
function gather({ imageShape: [, , channels], classes, samples, task }: Dataset) {
  const tallies = Array.from({ length: channels }, createTally);
  const hashes = new Map<string, number[]>();
  const labels = new Map<number, string>();
  const pixelsOf = samples.map((): number[] | undefined => undefined);
  return {
    ...{ tallies, hashes, labels, pixelsOf },
    visit({ pixels, label }: Sample, index: number) {
      for (const [channel, tally] of tallies.entries()) tally.add(pixels, channel, channels);
      const bytesOf = (array: Float32Array | Int32Array) =>
        Buffer.from(array.buffer, array.byteOffset, array.byteLength);
      const hash = createHash('sha256').update(bytesOf(pixels)).digest('hex');
      hashes.set(hash, [...(hashes.get(hash) ?? []), index]);
      if (typeof label === 'number') labels.set(index, String(label));
      else {
        labels.set(index, createHash('sha256').update(bytesOf(label)).digest('hex'));
        if (task === 'multilabel') return;
        const counts: number[] = Array(classes.length).fill(0);
        for (const value of label) if (value >= 0) counts[value] = (counts[value] ?? 0) + 1;
        pixelsOf[index] = counts;
      }
    },
  };
}

function summarise(
  { samples, classes, task }: Dataset,
  indices: readonly number[],
  pixelsOf: readonly (readonly number[] | undefined)[],
): PartSummary {
  const counts: number[] = Array(classes.length).fill(0);
  for (const index of indices) {
    const { label, labels = [] } = samples[index] as Dataset['samples'][number];
    if (label !== undefined) counts[label] = (counts[label] ?? 0) + 1;
    for (const [k, there] of labels.entries()) if (there === 1) counts[k] = (counts[k] ?? 0) + 1;
    for (const [value, count] of (pixelsOf[index] ?? []).entries())
      counts[value] = (counts[value] ?? 0) + count;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    samples: indices.length,
    patients: new Set(indices.map((index) => samples[index]?.patient)).size,
    classes: task === 'segmentation' ? counts.map((count) => (total > 0 ? count / total : 0)) : counts,
  };
}

/** Of what libvips calls the kinds of numbers. */
const bitsOf: Readonly<Record<string, number>> = { uchar: 8, ushort: 16, uint: 32, float: 32 };

async function filesIn(dataset: Dataset): Promise<Pick<Inspection, 'fileSizes' | 'fileBits'>> {
  const [sizes, depths] = [new Map<string, number>(), new Map<number, number>()];
  const count = <T>(counts: Map<T, number>, what: T) => counts.set(what, (counts.get(what) ?? 0) + 1);
  const files = new Set([...dataset.samples.keys()].flatMap((index) => dataset.filesOf?.(index)[0] ?? []));
  for (const file of files) {
    const { autoOrient, depth = '' } =
      (await sharp(file)
        .metadata()
        .catch(() => undefined)) ?? {};
    if (!autoOrient) continue;
    count(sizes, `${autoOrient.width} ${autoOrient.height}`);
    const bits = bitsOf[depth];
    if (bits) count(depths, bits);
  }
  const fileSizes = [...sizes].map(([size, count]) => {
    const [width = 0, height = 0] = size.split(' ').map(Number);
    return { width, height, count };
  });
  return {
    fileSizes: fileSizes.sort((a, b) => b.count - a.count || b.width * b.height - a.width * a.height),
    fileBits: [...depths].map(([bits, count]) => ({ bits, count })).sort((a, b) => b.count - a.count),
  };
}

/**
 * Reads every sample of `dataset` once. `divide` divides it, given what cannot be read; nothing is refused, as what is wrong
 * is what one looks for. Duplicates are samples whose decoded pixels have the same hash.
 */
export async function inspect(
  dataset: Dataset,
  divide?: (bad: readonly BadSample[]) => SplitIndices,
): Promise<Inspection> {
  const found = gather(dataset);
  const bad = await readAll(dataset, found.visit);
  const indices = divide?.(bad);
  const splitOf = new Map(
    indices && SPLITS.flatMap((name) => indices[name].map((index) => [index, name] as const)),
  );
  // Samples are read side by side, and come in any order.
  const groups = [...found.hashes.values()].map((group) => group.toSorted((a, b) => a - b));
  const duplicates = groups
    .filter(({ length }) => length > 1)
    .sort(([a = 0], [b = 0]) => a - b)
    .map((own) => {
      const splits = own.flatMap((index) => splitOf.get(index) ?? []);
      return {
        ids: own.map((index) => dataset.samples[index]?.id ?? ''),
        ...(splits.length === own.length && { splits }),
        contradictory: new Set(own.map((index) => found.labels.get(index))).size > 1,
      };
    });
  const summary = (part: readonly number[]) => summarise(dataset, part, found.pixelsOf);
  const read = dataset.samples.length > bad.length;
  return {
    name: dataset.name,
    task: dataset.task,
    imageShape: dataset.imageShape,
    classes: dataset.classes,
    all: summary([...dataset.samples.keys()]),
    ...(indices && {
      splits: {
        train: summary(indices.train),
        validation: summary(indices.validation),
        test: summary(indices.test),
      },
    }),
    ...(read && {
      intensities: found.tallies.map((tally) => {
        const { lowest, highest, mean, deviation } = tally.tally();
        return { lowest, highest, mean, deviation };
      }),
    }),
    ...(await filesIn(dataset)),
    duplicates,
    leaks: indices ? sharedPatients(dataset, indices) : [],
    bad,
  };
}

/** Duplicates on more than one side of the division: what a net learnt by heart is not generalisation. */
export function duplicatesAcross({ duplicates }: Inspection): readonly Duplicates[] {
  return duplicates.filter(({ splits }) => new Set(splits).size > 1);
}
