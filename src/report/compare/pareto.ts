/** Points that no other beats in one coordinate without losing in the other, ascending in x; more is better in both. */
export function paretoFront<P extends { readonly x: number; readonly y: number }>(points: readonly P[]): P[] {
  const beats = (a: P, b: P) => a.x >= b.x && a.y >= b.y && (a.x > b.x || a.y > b.y);
  return points.filter((point) => !points.some((other) => beats(other, point))).sort((a, b) => a.x - b.x);
}
