// Which attacks are not measured against others.

import type { Attack } from '../attacks/attack.ts';
import type { NormName } from '../attacks/threat.ts';

/**
 * Whether an attack may do less than others, or less with more freedom, without anything being wrong: made on another net,
 * for all images together, for some pixels or towards something, or, as `jsma`, for few values in a norm that does not
 * count these.
 */
export function isApart({ logits, together, options, norms }: Attack, norm: NormName): boolean {
  const { towards = 'away', pixels = 'all' } = options;
  const sparse = norms?.includes('l0') && norm !== 'l0';
  return Boolean(logits || together || sparse) || towards !== 'away' || pixels !== 'all';
}
