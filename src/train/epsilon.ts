/** `8/255` where it is one, else four decimals. */
export function epsilonOf(epsilon: number): string {
  const levels = epsilon * 255;
  const whole = Math.abs(levels - Math.round(levels)) < 1e-6;
  return epsilon > 0 && whole ? `${Math.round(levels)}/255` : epsilon.toFixed(4).replace(/\.?0+$/, '');
}
