import { UsageError } from '../errors.ts';

/** A number as it is typed: `0.03`, `1e-3` or `8/255`. Throws `UsageError`, naming `owner`. */
export function parseNumber(text: string, owner: string): number {
  const parts = text.split('/').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [dividend = Number.NaN, divisor = 1, ...more] = parts;
  const value = more.length > 0 ? Number.NaN : dividend / divisor;
  if (Number.isFinite(value)) return value;
  throw new UsageError(`${owner}: expected a number such as 0.03 or 8/255, received "${text}".`);
}

/** `0,2/255,8/255`. */
export function parseNumbers(text: string, owner: string): number[] {
  return text.split(',').map((part) => parseNumber(part.trim(), owner));
}
