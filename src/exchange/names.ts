// How weights are called and laid out elsewhere. A family has one table of names, in names/.

/** Layers that `pattern` fits are called as `replacement` says; the first rule that fits decides. */
export type NameRule = readonly [
  pattern: RegExp,
  replacement: string | ((layer: string, ...groups: string[]) => string),
];

export interface NameTable {
  /** Our layer that sees the images: it can be adapted to other channels. */
  readonly first: string;
  /** Our layers that give logits: drawn anew for other classes. */
  readonly heads: readonly string[];
  /** How the published weights want their pixels: the option `pixels` of nets. */
  readonly pixels: 'centred' | 'imagenet';
  /** Our fully connected layers that are 1 × 1 convolutions there. */
  readonly asConvolutions?: RegExp;
  /** Our modules where the names are for the published depths only: what `pattern` finds in the names of layers. */
  readonly published?: { readonly pattern: RegExp; readonly modules: readonly string[] };
  /** Rules from our layers to PyTorch's modules, by whose names these are. */
  readonly dialects: Readonly<Record<string, readonly NameRule[]>>;
}

/** What PyTorch calls the weights of a module. */
const kinds: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** The dialects that have names for the layers of a net: none for one of other depths than the published, where these matter. */
export function dialectsFor(table: NameTable | undefined, layers: readonly string[]): NameTable['dialects'] {
  if (!table?.published) return table?.dialects ?? {};
  const { pattern, modules } = table.published;
  const found = new Set(layers.flatMap((layer) => pattern.exec(layer)?.[1] ?? []));
  const same = found.size === modules.length && modules.every((name) => found.has(name));
  return same ? table.dialects : {};
}

/** `conv1.norm/gamma` → `bn1.weight`; undefined where no rule fits. */
export function nameIn(rules: readonly NameRule[], weight: string): string | undefined {
  const slash = weight.lastIndexOf('/');
  const [layer, kind] = [weight.slice(0, slash), weight.slice(slash + 1)];
  const rule = rules.find(([pattern]) => pattern.test(layer));
  if (!rule) return undefined;
  const [pattern, replacement] = rule;
  // TypeScript knows the two forms of `replace` only one by one.
  const theirs =
    typeof replacement === 'string'
      ? layer.replace(pattern, replacement)
      : layer.replace(pattern, replacement);
  return `${theirs}.${kinds[kind]}`;
}

/** The axes of PyTorch's array in the order of ours: OIHW → HWIO, and so on. */
export function axesFromTorch(weight: string, rank: number): number[] {
  // A depthwise filter is [channels, 1, height, width] there.
  if (weight.endsWith('/depthwise_kernel')) return [2, 3, 0, 1];
  if (rank === 2) return [1, 0];
  return rank < 2 ? [0].slice(0, rank) : [...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1, 0];
}
