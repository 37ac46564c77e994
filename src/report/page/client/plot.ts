// The drawing of a chart: axes, bands, lines, marks. What can be read from it without eyes is in chart.ts.

import { type Axis, horizontalAxis, verticalAxis } from '../../axis.ts';
import { svg } from './dom.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Series {
  /** Unique in its chart. */
  readonly key: string;
  readonly name: string;
  /** Of the theme's series. */
  readonly colour: number;
  readonly mark: number;
  readonly dash: number;
  readonly points: readonly Point[];
  /** A summary of the others: a broad pale line beneath them. */
  readonly beneath?: boolean;
}

export interface Plot {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly formatX: (x: number) => string;
  /** Whether x is in grey levels, to be written as k/255. */
  readonly greyLevels: boolean;
  /** All that may be shown: hiding a curve does not move the axes. */
  readonly all: readonly Series[];
  readonly shown: readonly Series[];
  readonly bands: boolean;
}

export interface Drawn {
  readonly element: SVGSVGElement;
  /** Puts the line that shows where values are read to the place of `x`. */
  guide(x: number): void;
  /** From a distance to the left border to the x axis. */
  xAt(pixels: number): number;
}

const margin = { left: 58, right: 14, top: 12, bottom: 46 };
const seriesColours = 7;
const dashes = ['none', '7 4', '2 3', '9 3 2 3'];

export const colourOf = (index: number) => `var(--series${index % seriesColours})`;
/** Beyond the colours a curve is told by its dashes. */
export const dashOf = ({ colour, dash }: Pick<Series, 'colour' | 'dash'>) =>
  dashes[(dash + Math.floor(colour / seriesColours)) % dashes.length] ?? 'none';

const path = (places: readonly (readonly [number, number])[]) =>
  places.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

export function markOf(mark: number, x: number, y: number): SVGElement {
  const at = (corners: readonly (readonly [number, number])[]) =>
    svg('path', { d: `${path(corners.map(([dx, dy]) => [x + dx, y + dy]))}Z` });
  switch (mark % 4) {
    case 1:
      return at([
        [-3.4, -3.4],
        [3.4, -3.4],
        [3.4, 3.4],
        [-3.4, 3.4],
      ]);
    case 2:
      return at([
        [0, -4.8],
        [4.4, 3.4],
        [-4.4, 3.4],
      ]);
    case 3:
      return at([
        [0, -5],
        [5, 0],
        [0, 5],
        [-5, 0],
      ]);
    default:
      return svg('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: 3.8 });
  }
}

/** Labels that would touch their neighbours are left out, evenly. */
function labelled({ ticks }: Axis, pixelsOf: (at: number) => number): Axis['ticks'] {
  const widest = Math.max(0, ...ticks.map(({ label }) => label.length)) * 7 + 10;
  const [first, second] = ticks;
  const apart = first && second ? pixelsOf(second.at) - pixelsOf(first.at) : widest;
  const every = Math.max(1, Math.ceil(widest / apart));
  return ticks.filter((_, i) => i % every === 0);
}

type Scale = (value: number) => number;

function drawAxes(horizontal: Axis, vertical: Axis, x: Scale, y: Scale, size: Size): SVGElement[] {
  const [right, bottom] = [size.width - margin.right, size.height - margin.bottom];
  return [
    ...vertical.ticks.flatMap(({ at, label }) => [
      svg('line', { x1: margin.left, x2: right, y1: y(at), y2: y(at), class: 'grid' }),
      svg('text', { x: margin.left - 8, y: y(at) + 4, 'text-anchor': 'end' }, label),
    ]),
    ...labelled(horizontal, x).flatMap(({ at, label }) => [
      svg('line', { x1: x(at), x2: x(at), y1: bottom, y2: bottom + 5, class: 'axis' }),
      svg('text', { x: x(at), y: bottom + 19, 'text-anchor': 'middle' }, label),
    ]),
    svg('line', { x1: margin.left, x2: right, y1: bottom, y2: bottom, class: 'axis' }),
  ];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function drawLabels({ xLabel, yLabel }: Plot, { width, height }: Size): SVGElement[] {
  const middle = (margin.top + height - margin.bottom) / 2;
  return [
    svg(
      'text',
      {
        x: (margin.left + width - margin.right) / 2,
        y: height - 8,
        'text-anchor': 'middle',
        class: 'label',
      },
      xLabel,
    ),
    svg(
      'text',
      { transform: `translate(14 ${middle}) rotate(-90)`, 'text-anchor': 'middle', class: 'label' },
      yLabel,
    ),
  ];
}

/** Runs of points with a value. */
function unbroken(points: readonly Point[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const point of points) {
    if (Number.isFinite(point.y)) runs.at(-1)?.push(point);
    else runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

function drawBand(series: Series, x: Scale, y: Scale): SVGElement[] {
  const bounded = series.points.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  if (bounded.length < 2 || series.beneath) return [];
  const upper = bounded.map((point) => [x(point.x), y(point.high as number)] as const);
  const lower = bounded.map((point) => [x(point.x), y(point.low as number)] as const).reverse();
  return [
    svg('path', { d: `${path([...upper, ...lower])}Z`, fill: colourOf(series.colour), 'fill-opacity': 0.13 }),
  ];
}

function drawCurve(series: Series, x: Scale, y: Scale): SVGElement {
  const places = unbroken(series.points).map((run) => run.map((point) => [x(point.x), y(point.y)] as const));
  if (series.beneath) {
    return svg('g', { class: 'beneath' }, ...places.map((run) => svg('path', { d: path(run) })));
  }
  const stroke = { stroke: colourOf(series.colour), 'stroke-dasharray': dashOf(series) };
  const crowded = series.points.length > 40;
  return svg(
    'g',
    { fill: colourOf(series.colour) },
    ...places.map((run) => svg('path', { d: path(run), class: 'curve', ...stroke })),
    ...(crowded ? [] : places.flat().map(([at, value]) => markOf(series.mark, at, value))),
  );
}

/** The drawing, `width` pixels wide. */
export function drawPlot(plot: Plot, width: number): Drawn {
  const size = { width, height: Math.round(Math.min(380, Math.max(250, width * 0.52))) };
  const points = plot.all.flatMap((series) => series.points).filter(({ y }) => Number.isFinite(y));
  const horizontal = horizontalAxis(
    points.map((point) => point.x),
    plot.greyLevels,
  );
  const values = points.flatMap(({ y, low, high }) => (plot.bands ? [y, low ?? y, high ?? y] : [y]));
  const vertical = verticalAxis(values.filter(Number.isFinite));
  const inner = {
    width: size.width - margin.left - margin.right,
    height: size.height - margin.top - margin.bottom,
  };
  const x: Scale = (value) =>
    margin.left + ((value - horizontal.low) / (horizontal.high - horizontal.low)) * inner.width;
  const y: Scale = (value) =>
    size.height - margin.bottom - ((value - vertical.low) / (vertical.high - vertical.low)) * inner.height;
  const line = svg('line', { y1: margin.top, y2: size.height - margin.bottom, class: 'guide' });
  const element = svg(
    'svg',
    { width: size.width, height: size.height, viewBox: `0 0 ${size.width} ${size.height}` },
    ...drawAxes(horizontal, vertical, x, y, size),
    ...(plot.bands ? plot.shown.flatMap((series) => drawBand(series, x, y)) : []),
    ...plot.shown.filter(({ beneath }) => beneath).map((series) => drawCurve(series, x, y)),
    line,
    ...plot.shown.filter(({ beneath }) => !beneath).map((series) => drawCurve(series, x, y)),
    ...drawLabels(plot, size),
  );
  return {
    element,
    guide(at) {
      line.setAttribute('x1', x(at).toFixed(1));
      line.setAttribute('x2', x(at).toFixed(1));
    },
    xAt: (pixels) =>
      horizontal.low + ((pixels - margin.left) / inner.width) * (horizontal.high - horizontal.low),
  };
}
