import * as tf from '@tensorflow/tfjs';
import { listChoices, UsageError } from '../errors.ts';
import type { Net } from '../nets/net.ts';
import { adaptInputs } from './adapt-inputs.ts';
import * as registry from './names/registry.ts';
import { axesFromTorch, dialectsFor, type NameTable, nameIn } from './names.ts';
import { permute, type StoredTensor, type StoredTensors, toFloat32, type Values } from './tensors.ts';
import { readWeightsFile } from './weights-file.ts';

export interface ImportReport {
  readonly file: string;
  /** Whose names the file has. */
  readonly names: string;
  /** How many weights of the net were taken from the file, reshaped ones among them. */
  readonly loaded: number;
  /** Weights of the net that the file has not: they keep their initial values. */
  readonly missing: readonly string[];
  /** Tensors of the file that the net has no place for; PyTorch's counts of batches are not listed. */
  readonly unused: readonly string[];
  readonly reshaped: readonly ReshapedWeight[];
  /** What else to know before trusting the net. */
  readonly notes: readonly string[];
}

export interface ReshapedWeight {
  readonly weight: string;
  /** Shapes in our layout: filters are [height, width, inputs, outputs]. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly how: string;
}

type Weight = tf.LayersModel['weights'][number];

/** Where the file has a weight, and what brings it to our layout. */
interface Found {
  readonly weight: Weight;
  readonly source: string;
  readonly axes?: readonly number[] | undefined;
}

const tables: Readonly<Record<string, NameTable>> = registry;

/**
 * Sets the weights of a net from a file: the safetensors of a state dict of torchvision or timm, or of `exportWeights`,
 * or a tfjs layers model, whose weights are found by the names of layers. Weights that the file has not keep their
 * values, and are reported.
 *
 * Other channels: a first convolution for one channel is the sum over the file's channels; for n channels they are
 * repeated in turn, times (channels of the file) / n, as in timm. Other classes: the last layers keep their initial
 * weights. Throws `UsageError` for a file that cannot be read, has nothing for this net, or has another shape elsewhere,
 * and leaves the net as it was.
 */
export async function importWeights(net: Net, file: string): Promise<ImportReport> {
  const tensors = await readWeightsFile(file);
  const { names, found } = findWeights(net, tensors, file);
  const sources = new Set(found.map(({ source }) => source));
  const reshaped: ReshapedWeight[] = [];
  const values = found.map((one) => valuesFor(one, { net, file, tensors, reshaped }));
  for (const [i, { weight }] of found.entries()) write(weight, values[i]);
  const named = new Set(found.map(({ weight }) => weight));
  return {
    file,
    names,
    loaded: values.filter((value) => value !== undefined).length,
    missing: net.model.weights.filter((weight) => !named.has(weight)).map(({ originalName }) => originalName),
    unused: [...tensors.keys()].filter(
      (name) => !sources.has(name) && !name.endsWith('.num_batches_tracked'),
    ),
    reshaped,
    notes: notesOn(net, names),
  };
}

/** What each weight is called in the file: there as here, or in the dialect that fits most of them. */
function findWeights({ name, model }: Net, tensors: StoredTensors, file: string) {
  const layers = model.layers.map((layer) => layer.name);
  const dialects = Object.entries(dialectsFor(tables[name], layers));
  const candidates = [
    { names: 'medrobust', found: findAll(model, tensors, (weight) => weight.originalName) },
    ...dialects.map(([names, rules]) => {
      const all = findAll(model, tensors, ({ originalName }) => nameIn(rules, originalName));
      // Of other depths than the published, two weights may come to be called alike: these are not their names.
      const found = new Set(all.map(({ source }) => source)).size === all.length ? all : [];
      const axesOf = ({ weight, source }: Found) =>
        axesFromTorch(weight.originalName, tensors.get(source)!.shape.length);
      return { names, found: found.map((one): Found => ({ ...one, axes: axesOf(one) })) };
    }),
  ];
  const best = candidates.reduce((a, b) => (b.found.length > a.found.length ? b : a));
  if (best.found.length > 0) return best;
  const known = tables[name] ? '' : ` Names of PyTorch are known for ${listChoices(Object.keys(tables))}.`;
  throw new UsageError(
    `${file} has no weights for ${name}: it has ${[...tensors.keys()].slice(0, 3).join(', ')}, …; the net has ` +
      `${model.weights[0]?.originalName}, ….${known} Choose the net that the file is of.`,
  );
}

function findAll(
  model: tf.LayersModel,
  tensors: StoredTensors,
  nameOf: (weight: Weight) => string | undefined,
): Found[] {
  return model.weights.flatMap((weight) => {
    const source = nameOf(weight);
    return source !== undefined && tensors.has(source) ? [{ weight, source }] : [];
  });
}

/** What a weight becomes; undefined where it is to stay as it is. Reshaping is added to the report. */
function valuesFor(
  { weight, source, axes }: Found,
  context: { net: Net; file: string; tensors: StoredTensors; reshaped: ReshapedWeight[] },
): Values | undefined {
  const { net, file, tensors, reshaped } = context;
  const stored = inOurLayout(`${file}: ${source}`, tensors.get(source)!, weight, axes);
  const [from, to] = [stored.shape, weight.shape as number[]];
  if (String(from) === String(to)) return stored;
  const table = tables[net.name];
  const name = weight.originalName;
  const layer = name.slice(0, name.lastIndexOf('/'));
  const report = (how: string) => reshaped.push({ weight: name, from, to, how });
  if (layer === table?.first && sameBut(2, from, to)) {
    const { values, how } = adaptInputs(stored.values, from as Shape4D, to[2]!);
    report(how);
    return { shape: to, values };
  }
  if (table?.heads.includes(layer) && sameBut(to.length - 1, from, to)) {
    report('other classes: keeps its initial values');
    return undefined;
  }
  throw new UsageError(
    `${file}: ${source} has the shape [${from.join(', ')}]${axes ? ' in our layout' : ''}, ${name} of ${net.name} has ` +
      `[${to.join(', ')}]. Choose the depth, width and stem of the net that the file is of.`,
  );
}

type Shape4D = readonly [number, number, number, number];

function sameBut(axis: number, a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => i === axis || length === b[i]);
}

function inOurLayout(owner: string, tensor: StoredTensor, weight: Weight, axes: Found['axes']): Values {
  const values = toFloat32(owner, tensor);
  const { shape } = tensor;
  if (!axes) return { shape, values };
  if (axes.length !== shape.length) {
    throw new UsageError(
      `${owner} has the shape [${shape.join(', ')}], expected one of ${axes.length} axes. Choose the net that the file is of.`,
    );
  }
  // A fully connected layer may be a 1 × 1 convolution there.
  const squeezes = shape.length === 4 && weight.shape.length === 2 && shape[2] === 1 && shape[3] === 1;
  return squeezes ? permute({ shape: shape.slice(0, 2), values }, [1, 0]) : permute({ shape, values }, axes);
}

function write(weight: Weight, value: Values | undefined): void {
  if (!value) return;
  tf.tidy(() => {
    weight.write(tf.tensor(value.values, value.shape as number[]));
  });
}

function notesOn({ name, model }: Net, names: string): string[] {
  const expected = tables[name]?.pixels;
  // Files of our own say nothing of pixels: they come from nets with either option.
  if (!expected || names === 'medrobust') return [];
  const layer = model.getLayer('pixels').getConfig();
  const own = Array.isArray(layer.scale) ? 'imagenet' : 'centred';
  if (own === expected) return [];
  return [
    `published weights of ${name} want pixels: '${expected}', the net has '${own}'; set the option if they are published ones`,
  ];
}
