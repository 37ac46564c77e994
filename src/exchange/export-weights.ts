import type * as tf from '@tensorflow/tfjs';
import { listChoices, UsageError } from '../errors.ts';
import * as registry from './names/registry.ts';
import { axesFromTorch, dialectsFor, type NameTable, nameIn } from './names.ts';
import { formatSafetensors } from './safetensors.ts';
import { float32Tensor, permute, type StoredTensor, type Values } from './tensors.ts';

/**
 * The weights of a net as a safetensors file, moving averages among them: `<layer>/<weight>` in our layout, or in the
 * names and the layout of PyTorch, as a state dict that `load_state_dict` of torchvision's or timm's net takes.
 *
 * `names`: 'medrobust', or a name of `importWeights`' tables. Throws `UsageError` where they do not say how all weights
 * are called.
 */
export function exportWeights(model: tf.LayersModel, names = 'medrobust'): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  const nameOf = naming(model, names);
  for (const { originalName, weight } of weightsOf(model)) {
    const [name, { shape, values }] = nameOf(originalName, weight);
    if (tensors.has(name)) {
      throw new UsageError(
        `${names} has one name, ${name}, for several weights of this ${model.name}: its names are for the published depths. ` +
          "Choose 'medrobust'.",
      );
    }
    tensors.set(name, float32Tensor(shape, values));
  }
  return formatSafetensors(tensors, { format: names === 'medrobust' ? 'medrobust' : 'pt', net: model.name });
}

function weightsOf(model: tf.LayersModel): { originalName: string; weight: Values }[] {
  return model.weights.map((weight) => {
    const values = weight.read().dataSync<'float32'>();
    return { originalName: weight.originalName, weight: { shape: weight.shape as number[], values } };
  });
}

function naming(model: tf.LayersModel, names: string): (name: string, weight: Values) => [string, Values] {
  if (names === 'medrobust') return (name, weight) => [name, weight];
  const tables: Readonly<Record<string, NameTable>> = registry;
  const table = tables[model.name];
  const dialects = dialectsFor(
    table,
    model.layers.map(({ name }) => name),
  );
  const rules = dialects[names];
  if (!table || !rules) {
    const known = ['medrobust', ...Object.keys(dialects)];
    const why = table?.dialects[names] ? ' of other depths than the published' : '';
    throw new UsageError(
      `There are no names "${names}" for ${model.name}${why}. Choose ${listChoices(known)}.`,
    );
  }
  return (name, weight) => {
    const theirs = nameIn(rules, name);
    if (theirs === undefined) {
      throw new UsageError(`${names} has no name for ${name}, which its ${model.name} has not.`);
    }
    return [theirs, inTheirLayout(name, weight, table)];
  };
}

function inTheirLayout(name: string, weight: Values, { asConvolutions }: NameTable): Values {
  const axes = axesFromTorch(name, weight.shape.length);
  const theirs = permute(
    weight,
    axes.map((_, i) => axes.indexOf(i)),
  );
  const isConvolution =
    weight.shape.length === 2 && asConvolutions?.test(name.slice(0, name.lastIndexOf('/')));
  return isConvolution ? { ...theirs, shape: [...theirs.shape, 1, 1] } : theirs;
}
