// Options are their defaults: the defaults of a definition give the types, the names and the validation.

import { UsageError } from './errors.ts';

export type OptionValue = number | string | boolean | readonly number[] | readonly string[];
export type Options = Readonly<Record<string, OptionValue>>;

/** The type that a literal default stands for: `40` → `number`. */
export type Widen<T> = {
  readonly [K in keyof T]: T[K] extends number
    ? number
    : T[K] extends boolean
      ? boolean
      : T[K] extends string
        ? string
        : T[K] extends readonly number[]
          ? readonly number[]
          : T[K] extends readonly string[]
            ? readonly string[]
            : T[K];
};

/** What an entry of a registry says of its options. */
export interface Configurable {
  readonly defaults: Options;
  /** Named sets of options: a preset replaces the defaults that it names, and other options of a choice replace both. */
  readonly presets?: Readonly<Record<string, Options>>;
}

/** `{ name: 'pgd', steps: 20 }`: a name out of a registry, and the options, or a preset of options, that this name takes. */
export type Choice<Registry extends Record<string, Configurable>> = {
  [N in keyof Registry & string]: { readonly name: N } & Partial<Widen<Registry[N]['defaults']>> &
    PresetOf<Registry[N]>;
}[keyof Registry & string];

type PresetOf<D> = D extends { readonly presets: infer P } ? { readonly preset?: keyof P & string } : unknown;

function kindOf(value: unknown): string {
  if (!Array.isArray(value)) return typeof value;
  return value.every((item) => typeof item === 'number') ? 'list of numbers' : 'list of strings';
}

function sameKind(value: unknown, byDefault: OptionValue): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  if (Array.isArray(value) && value.length === 0) return Array.isArray(byDefault);
  // The default `[]` does not say what it lists.
  if (Array.isArray(byDefault) && byDefault.length === 0) return Array.isArray(value);
  return kindOf(value) === kindOf(byDefault);
}

/**
 * Lays `overrides` over `defaults`.
 *
 * An unknown key, or a value of another type than its default, is a `UsageError` that names `owner`
 * and the choices. A key with the value `undefined` keeps its default.
 */
export function resolveOptions<T extends Options>(
  owner: string,
  defaults: T,
  overrides: object = {},
): Widen<T> {
  const resolved: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(defaults, key)) {
      const names = Object.keys(defaults).join(', ');
      throw new UsageError(
        `${owner} has no option "${key}". ${names ? `Its options: ${names}.` : 'It takes no options.'}`,
      );
    }
    if (value === undefined) continue;
    const byDefault = defaults[key] as OptionValue;
    if (!sameKind(value, byDefault)) {
      throw new UsageError(
        `Option "${key}" of ${owner}: expected a ${kindOf(byDefault)} (default ${JSON.stringify(byDefault)}), ` +
          `received ${JSON.stringify(value) ?? String(value)}.`,
      );
    }
    resolved[key] = value;
  }
  return resolved as Widen<T>;
}

/** Finds `choice.name` in a registry and resolves the rest of `choice`, a preset among it, as its options. */
export function resolveChoice<D extends Configurable>(
  kind: string,
  registry: Readonly<Record<string, D>>,
  choice: { readonly name: string },
): { readonly name: string; readonly definition: D; readonly options: Options } {
  const { name, ...overrides } = choice;
  const definition = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (!definition) {
    throw new UsageError(
      `There is no ${kind} "${name}". Choose one of: ${Object.keys(registry).join(', ')}.`,
    );
  }
  return { name, definition, options: resolveConfigurable(name, definition, overrides) };
}

function resolveConfigurable(name: string, definition: Configurable, choice: object): Options {
  const { defaults, presets } = definition;
  if (!presets) return resolveOptions(name, defaults, choice);
  const { preset, ...overrides } = choice as { preset?: unknown };
  if (preset === undefined) return resolveOptions(name, defaults, overrides);
  if (typeof preset !== 'string' || !Object.hasOwn(presets, preset)) {
    const names = Object.keys(presets).join(', ');
    throw new UsageError(`${name} has no preset ${JSON.stringify(preset)}. Its presets: ${names}.`);
  }
  return resolveOptions(name, resolveOptions(name, defaults, presets[preset]), overrides);
}

/** Refuses an option out of its range: `requireOption('pgd', 'steps', steps >= 1, 'at least 1', steps)`. */
export function requireOption(
  owner: string,
  option: string,
  holds: boolean,
  expected: string,
  received: unknown,
): void {
  if (holds) return;
  throw new UsageError(
    `Option "${option}" of ${owner}: expected ${expected}, received ${JSON.stringify(received)}.`,
  );
}
