// How numbers are written, wherever they are shown: tables of the command line, the page, papers.

/** What stands in the place of a number that is not there. */
export const MISSING = '–';

/** A metric or a loss: three decimals; two digits where these would be lost, none after the point from 100; `–` for none. */
export function formatValue(value: number | null | undefined): string {
  // In JSON, NaN is null.
  if (value === undefined || value === null || Number.isNaN(value)) return MISSING;
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toPrecision(2);
  return size < 100 ? value.toFixed(3) : size < 1e6 ? value.toFixed(0) : value.toPrecision(3);
}

/** `0.17–0.38`; empty where there is no interval. */
export function formatInterval({ low, high }: { readonly low?: number; readonly high?: number }): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return '';
  return `${(low as number).toFixed(2)}–${(high as number).toFixed(2)}`;
}

/** `0.266 (0.17–0.38)`. */
export function formatEstimate(point: {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}): string {
  const interval = formatInterval(point);
  return interval ? `${formatValue(point.value)} (${interval})` : formatValue(point.value);
}

/** `0.843 ± 0.012`: mean and standard deviation; the value alone where there is one. */
export function formatSpread({ mean, spread }: { readonly mean: number; readonly spread?: number }): string {
  return spread === undefined ? formatValue(mean) : `${formatValue(mean)} ± ${formatValue(spread)}`;
}

/** `8/255`, or below one level `0.25/255` in twentieths, where it is one and in linf, else four decimals. */
export function formatEpsilon(epsilon: number, norm: string): string {
  const parts = epsilon < 1 / 255 ? 20 : 1;
  const levels = Math.round(epsilon * 255 * parts) / parts;
  const isLevel = norm === 'linf' && epsilon > 0 && Math.abs(levels - epsilon * 255) < 1e-6;
  return isLevel ? `${levels}/255` : epsilon.toFixed(4).replace(/\.?0+$/, '');
}

/** `12,345`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}
