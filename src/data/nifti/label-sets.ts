import { UsageError } from '../../errors.ts';
import { requireOption } from '../../options.ts';

/** From the values of a label map to class indices; what it does not expect is a `UsageError` that names the file. */
export interface LabelSets {
  readonly classes: readonly string[];
  toClasses(values: Float32Array | Float64Array, file: string): Int32Array;
}

/** `17 53 1000-1035`: values and ranges of them. */
function parseSet(owner: string, text: string): number[] {
  const parts = text.split(' ').filter((part) => part !== '');
  const values = parts.flatMap((part) => {
    const [, first = '', last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    const holds = first !== '' && from <= to && to - from < 65536;
    return holds ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [Number.NaN];
  });
  const holds = values.length > 0 && !values.some(Number.isNaN);
  requireOption(owner, 'maskValues', holds, 'values and ranges, such as "17 53" or "1000-1035"', text);
  return values;
}

function wrongValue(file: string, value: number, expected: string): UsageError {
  return new UsageError(
    `The label map ${file}: ${expected}, found ${value}. Correct "classes" and "maskValues", or the label map.`,
  );
}

/** Class i + 1 for what set i names, the background for all else. */
function listed(owner: string, classes: readonly string[], sets: readonly string[]): LabelSets {
  const names = classes.length > 0 ? classes : ['background', ...sets];
  const count = `${sets.length + 1} names: the background, then one for each of "maskValues"`;
  requireOption(owner, 'classes', names.length === sets.length + 1, count, classes);
  const classOf = new Map<number, number>();
  for (const [index, text] of sets.entries()) {
    for (const value of parseSet(owner, text)) {
      requireOption(owner, 'maskValues', !classOf.has(value), `${value} in one class only`, sets);
      classOf.set(value, index + 1);
    }
  }
  return {
    classes: names,
    toClasses: (values, file) =>
      Int32Array.from(values, (value) => {
        if (!Number.isInteger(value)) throw wrongValue(file, value, 'expected whole numbers');
        return classOf.get(value) ?? 0;
      }),
  };
}

/** Class i for the i-th of `values`; another value is an error. */
function exact(classes: readonly string[], values: readonly number[]): LabelSets {
  const classOf = new Map(values.map((value, index) => [value, index]));
  return {
    classes,
    toClasses: (found, file) =>
      Int32Array.from(found, (value) => {
        const index = classOf.get(value);
        if (index !== undefined) return index;
        const some = values.length > 12 ? `${values.slice(0, 12).join(', ')}, …` : values.join(', ');
        throw wrongValue(file, value, `expected the values ${some}, one a class`);
      }),
  };
}

/**
 * The classes of label maps. `sets` merges values, one set a class after the background; without it the
 * value is the index in `classes`; without both, every value that `findAll` finds is a class of its own.
 */
export async function labelSets(
  owner: string,
  classes: readonly string[],
  sets: readonly string[],
  findAll: () => Promise<readonly number[]>,
): Promise<LabelSets> {
  if (sets.length > 0) return listed(owner, classes, sets);
  if (classes.length > 0) {
    requireOption(owner, 'classes', classes.length >= 2, 'at least two, the background first', classes);
    return exact(classes, [...classes.keys()]);
  }
  const all = await findAll();
  return exact(
    all.map((value) => (value === 0 ? 'background' : `label ${value}`)),
    all,
  );
}
