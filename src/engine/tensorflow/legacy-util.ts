import util from 'node:util';

/**
 * Gives `node:util` the functions back that tfjs-node 4.22 calls and Node 23 took away. To be called before
 * tfjs-node is loaded; what Node still has is left alone.
 */
export function restoreLegacyUtil(): void {
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isArray ??= Array.isArray;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}
