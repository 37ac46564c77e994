// What a curve consists of: a confidence band, lines between points, a mark at each.

import { faintInk, palette, paletteColour } from './palette.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Ends of a confidence interval, given together. */
  readonly low?: number;
  readonly high?: number;
}

type Scale = (value: number) => number;

/** Where a point is drawn, in units of the drawing. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly interval?: readonly [low: number, high: number];
}

const join = (places: readonly (readonly [number, number])[]) =>
  places.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('');

const markShapes = [
  (x: number, y: number) => `<circle cx="${x.toFixed(2)}" cy="${y.toFixed(2)}" r="4"/>`,
  (x: number, y: number) => polygon(x, y, [-3.6, -3.6, 3.6, -3.6, 3.6, 3.6, -3.6, 3.6]),
  (x: number, y: number) => polygon(x, y, [0, -5, 4.6, 3.6, -4.6, 3.6]),
  (x: number, y: number) => polygon(x, y, [0, -5.2, 5.2, 0, 0, 5.2, -5.2, 0]),
];

function polygon(x: number, y: number, corners: readonly number[]): string {
  const places: [number, number][] = [];
  for (let i = 0; i < corners.length; i += 2) {
    places.push([x + (corners[i] as number), y + (corners[i + 1] as number)]);
  }
  return `<path d="${join(places)}Z"/>`;
}

/** The mark of the `index`-th curve by itself. */
export function drawMark(index: number, x: number, y: number): string {
  return drawMarks(index, [{ x, y }]);
}

function drawMarks(index: number, places: readonly Place[]): string {
  const shape = markShapes[index % markShapes.length] as (typeof markShapes)[number];
  const marks = places.map(({ x, y }) => shape(x, y)).join('');
  return `<g fill="${paletteColour(index)}" stroke="#ffffff" stroke-width="1">${marks}</g>`;
}

function drawLine(index: number, places: readonly (readonly [number, number])[]): string {
  const dashes = index < palette.length ? '' : ' stroke-dasharray="7 4"';
  const stroke = `stroke="${paletteColour(index)}" stroke-width="2.2" stroke-linejoin="round"`;
  return `<path d="${join(places)}" fill="none" ${stroke}${dashes}/>`;
}

/** A band; where there is a single point, a bar. */
function drawIntervals(index: number, places: readonly Place[]): string {
  const bounded = places.filter((place) => place.interval !== undefined);
  if (bounded.length === 0) return '';
  const end = (which: 0 | 1) => bounded.map(({ x, interval }) => [x, interval?.[which] as number] as const);
  const colour = paletteColour(index);
  if (bounded.length === 1) {
    const bar = join([...end(0), ...end(1)]);
    return `<path d="${bar}" stroke="${colour}" stroke-width="2" stroke-opacity="0.5"/>`;
  }
  return `<path d="${join([...end(0), ...end(1).reverse()])}Z" fill="${colour}" fill-opacity="0.14"/>`;
}

/** Runs of points without a NaN. */
function unbroken(points: readonly CurvePoint[]): CurvePoint[][] {
  const runs: CurvePoint[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.x) && Number.isFinite(point.y)) runs.at(-1)?.push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function place({ x, y, low, high }: CurvePoint, scaleX: Scale, scaleY: Scale): Place {
  const at = { x: scaleX(x), y: scaleY(y) };
  const bounded = Number.isFinite(low) && Number.isFinite(high);
  return bounded ? { ...at, interval: [scaleY(low as number), scaleY(high as number)] } : at;
}

/** SVG elements of one curve; `index` decides colour, mark and dashes. */
export function drawCurve(
  index: number,
  points: readonly CurvePoint[],
  scaleX: Scale,
  scaleY: Scale,
): string {
  const runs = unbroken(points).map((run) => run.map((point) => place(point, scaleX, scaleY)));
  return [
    ...runs.map((run) => drawIntervals(index, run)),
    ...runs.map((run) =>
      drawLine(
        index,
        run.map(({ x, y }) => [x, y] as const),
      ),
    ),
    ...runs.map((run) => drawMarks(index, run)),
  ].join('');
}

const drawPale = (places: readonly (readonly [number, number])[]) =>
  `<path d="${join(places)}" fill="none" stroke="${faintInk}" stroke-opacity="0.35" stroke-width="9" ` +
  'stroke-linejoin="round" stroke-linecap="round"/>';

/** SVG of a curve that lies beneath the others: a broad pale line. */
export function drawBeneath(points: readonly CurvePoint[], scaleX: Scale, scaleY: Scale): string {
  const runs = unbroken(points).map((run) => run.map(({ x, y }) => [scaleX(x), scaleY(y)] as const));
  return runs.map(drawPale).join('');
}

/** A piece of such a line, as wide as `drawLegendEntry`. */
export function drawBeneathEntry(x: number, y: number): string {
  return drawPale([
    [x + 2, y],
    [x + 26, y],
  ]);
}

/** A piece of the `index`-th curve, 28 units wide from `x`. */
export function drawLegendEntry(index: number, x: number, y: number): string {
  const ends = [
    [x, y],
    [x + 28, y],
  ] as const;
  return drawLine(index, ends) + drawMarks(index, [{ x: x + 14, y }]);
}
