// Axes: what range they show, where they have ticks, how these are written.

export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** The most ticks of an axis; fewer where labels are as wide as 16/255. */
const mostTicks = 11;
const mostWideTicks = 9;

function ticksBetween(low: number, high: number, step: number, label: (at: number) => string): Axis['ticks'] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => ({
    at: (first + i) * step,
    label: label((first + i) * step),
  }));
}

/** The smallest of 1, 2, 5, 10, 20, … × a power of ten that gives at most `mostTicks`. */
function roundStep(range: number): number {
  const least = range / (mostTicks - 1);
  const power = 10 ** Math.floor(Math.log10(least));
  // A rounding error must not choose the next step up.
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) as number);
}

function decimalLabel(step: number): (at: number) => string {
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (at) => (decimals > 6 ? String(Number(at.toPrecision(3))) : at.toFixed(decimals));
}

/** Budgets of an adversary are multiples of a grey level; epochs and steps, multiples of 1, are not meant. */
const areGreyLevels = (values: readonly number[]) =>
  Math.max(...values) > 0 &&
  values.every(
    (value) => value >= 0 && value <= 0.5 && Math.abs(value * 255 - Math.round(value * 255)) < 1e-3,
  );

function greyLevelTicks(high: number): Axis['ticks'] {
  const levels = Math.round(high * 255);
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(levels / (mostWideTicks - 1))));
  return ticksBetween(0, levels, step, String).map(({ at }) => ({
    at: at / 255,
    label: at === 0 ? '0' : `${at}/255`,
  }));
}

function extent(values: readonly number[]): [low: number, high: number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low < high) return [low, high];
  const half = Math.abs(low) / 2 || 0.5;
  return [low - half, high + half];
}

/** From the lowest to the highest of `values`, with a margin for marks; from 0 in k/255 where they are grey levels. */
export function horizontalAxis(values: readonly number[], greyLevels = areGreyLevels(values)): Axis {
  const [low, high] = extent(greyLevels ? [0, ...values] : values);
  const margin = 0.03 * (high - low);
  // No ticks between epochs.
  const step = Math.max(roundStep(high - low), values.length > 0 && values.every(Number.isInteger) ? 1 : 0);
  const ticks = greyLevels
    ? greyLevelTicks(high)
    : ticksBetween(low - margin, high + margin, step, decimalLabel(step));
  return { low: low - margin, high: high + margin, ticks };
}

/** 0 to 1 for what lies in it, as metrics do; otherwise the nearest round numbers. */
export function verticalAxis(values: readonly number[]): Axis {
  const inUnit = values.every((value) => value >= 0 && value <= 1);
  const [lowest, highest] = inUnit ? [0, 1] : extent(values);
  const step = inUnit ? 0.2 : roundStep(highest - lowest);
  const low = Math.floor(lowest / step + 1e-9) * step;
  const high = Math.ceil(highest / step - 1e-9) * step;
  return { low, high, ticks: ticksBetween(low, high, step, decimalLabel(step)) };
}
