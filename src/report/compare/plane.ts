// The plane generalisation × robustness: a mark a net, with intervals, and the Pareto front.

import { type Axis, horizontalAxis, verticalAxis } from '../axis.ts';
import { drawMark } from '../curve-marks.ts';
import { formatSpread } from '../numbers.ts';
import { faintInk, gridColour, ink, paletteColour } from '../palette.ts';
import { rasterise, svgOf } from '../raster.ts';
import { drawText, shorten, textWidth } from '../text.ts';
import type { ComparedTable, Figure } from './compare.ts';
import { nameOf } from './formats.ts';
import { paretoFront } from './pareto.ts';

export interface Plane {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly nets: readonly {
    readonly name: string;
    readonly x: number;
    readonly y: number;
    readonly xBounds?: readonly [low: number, high: number];
    readonly yBounds?: readonly [low: number, high: number];
  }[];
}

const frame = { left: 70, top: 24, width: 520, height: 420 };
const legend = { gap: 24, lineHeight: 24, textFrom: 18, longestText: 300 };
const labelStyle = { size: 13, fill: ink } as const;
const tickStyle = { size: 12, fill: faintInk } as const;

/** The plane of a comparison; undefined where its nets share no metric or no epsilon. */
export function planeOf({ plane, nets }: ComparedTable): Plane | undefined {
  if (!plane) return undefined;
  return {
    xLabel: `generalisation: ${plane.clean}, clean`,
    yLabel: `robustness: ${plane.clean}, ${plane.robust}`,
    nets: nets.map((compared) => {
      const { net, experiment, differs, figures } = compared;
      const [x, y] = [figures[plane.clean] as Figure, figures[plane.robust] as Figure];
      const alike = nets.filter((other) => other.net === net).length > 1;
      const name = alike && !differs ? `${net}, ${experiment}` : nameOf(compared);
      const [xBounds, yBounds] = [boundsOf(x), boundsOf(y)];
      return { name, x: x.mean, y: y.mean, ...(xBounds && { xBounds }), ...(yBounds && { yBounds }) };
    }),
  };
}

/** Of metrics, which are in [0, 1], deviations are drawn as far as that goes. */
function boundsOf({ mean, spread, low, high }: Figure): readonly [number, number] | undefined {
  if (spread !== undefined) return [Math.max(0, mean - spread), Math.min(1, mean + spread)];
  return low !== undefined && high !== undefined ? [low, high] : undefined;
}

/** In words: where each net is, and which are on the front. */
export function describePlane({ xLabel, yLabel, nets }: Plane): string {
  const front = paretoFront(nets).map(({ name }) => name);
  const places = nets.map(
    ({ name, x, y }) => `${name} (${formatSpread({ mean: x })}, ${formatSpread({ mean: y })})`,
  );
  return `${xLabel}, and ${yLabel}: ${places.join('; ')}. No other net is better in both than: ${front.join(', ')}.`;
}

const line = (x1: number, y1: number, x2: number, y2: number, attributes: string) =>
  `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" ${attributes}/>`;

type Scale = (value: number) => number;

function drawFrame(horizontal: Axis, vertical: Axis, x: Scale, y: Scale): string {
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  const grid = `stroke="${gridColour}"`;
  return [
    ...horizontal.ticks.flatMap(({ at, label }) => [
      line(x(at), frame.top, x(at), bottom, grid),
      drawText(label, x(at), bottom + 20, { ...tickStyle, anchor: 'middle' }),
    ]),
    ...vertical.ticks.flatMap(({ at, label }) => [
      line(frame.left, y(at), right, y(at), grid),
      drawText(label, frame.left - 10, y(at) + 4.5, { ...tickStyle, anchor: 'end' }),
    ]),
    line(frame.left, bottom, right, bottom, `stroke="${faintInk}"`),
    line(frame.left, frame.top, frame.left, bottom, `stroke="${faintInk}"`),
  ].join('');
}

function drawNames({ xLabel, yLabel }: Plane): string {
  const middle = frame.top + frame.height / 2;
  const xText = shorten(xLabel, frame.width, labelStyle);
  const yText = shorten(yLabel, frame.height, labelStyle);
  return [
    drawText(xText, frame.left + frame.width / 2, frame.top + frame.height + 46, {
      ...labelStyle,
      anchor: 'middle',
    }),
    `<g transform="translate(20 ${middle}) rotate(-90)">${drawText(yText, 0, 0, { ...labelStyle, anchor: 'middle' })}</g>`,
  ].join('');
}

function drawNet(
  { x, y, xBounds, yBounds }: Plane['nets'][number],
  index: number,
  sx: Scale,
  sy: Scale,
): string {
  const bar = `stroke="${paletteColour(index)}" stroke-width="1.6" stroke-opacity="0.6"`;
  return [
    ...(xBounds ? [line(sx(xBounds[0]), sy(y), sx(xBounds[1]), sy(y), bar)] : []),
    ...(yBounds ? [line(sx(x), sy(yBounds[0]), sx(x), sy(yBounds[1]), bar)] : []),
    drawMark(index, sx(x), sy(y)),
  ].join('');
}

/** Steps through the front: what is left of it and below is beaten. */
function drawFront({ nets }: Plane, sx: Scale, sy: Scale): string {
  const front = paretoFront(nets);
  const [first] = front;
  if (!first) return '';
  const bottom = frame.top + frame.height;
  // From the left border along the highest net, and down at each to the next.
  const steps = front.map(({ x }, i) => {
    const next = front[i + 1];
    return `H${sx(x).toFixed(1)}V${next ? sy(next.y).toFixed(1) : bottom}`;
  });
  const path = `M${frame.left} ${sy(first.y).toFixed(1)}${steps.join('')}`;
  return `<path d="${path}" fill="none" stroke="${faintInk}" stroke-width="1.5" stroke-dasharray="5 4"/>`;
}

function drawLegend({ nets }: Plane): string {
  const x = frame.left + frame.width + legend.gap;
  const entries = nets.map(({ name }, i) => {
    const y = frame.top + 10 + i * legend.lineHeight;
    const text = shorten(name, legend.longestText, labelStyle);
    return drawMark(i, x + 6, y) + drawText(text, x + legend.textFrom, y + 4.5, labelStyle);
  });
  const y = frame.top + 10 + nets.length * legend.lineHeight;
  const front = line(x - 4, y, x + 14, y, `stroke="${faintInk}" stroke-width="1.5" stroke-dasharray="5 4"`);
  return [...entries, front, drawText('Pareto front', x + legend.textFrom, y + 4.5, labelStyle)].join('');
}

interface Drawing {
  readonly body: string;
  readonly width: number;
  readonly height: number;
}

function draw(plane: Plane): Drawing {
  const { nets } = plane;
  const xs = nets.flatMap(({ x, xBounds = [] }) => [x, ...xBounds]);
  const ys = nets.flatMap(({ y, yBounds = [] }) => [y, ...yBounds]);
  const horizontal = horizontalAxis(xs, false);
  const vertical = verticalAxis(ys);
  const sx: Scale = (value) =>
    frame.left + ((value - horizontal.low) / (horizontal.high - horizontal.low)) * frame.width;
  const sy: Scale = (value) =>
    frame.top + frame.height - ((value - vertical.low) / (vertical.high - vertical.low)) * frame.height;
  const names = [...nets.map(({ name }) => shorten(name, legend.longestText, labelStyle)), 'Pareto front'];
  const namesWidth = Math.max(...names.map((name) => textWidth(name, labelStyle)));
  return {
    body: [
      drawFrame(horizontal, vertical, sx, sy),
      drawFront(plane, sx, sy),
      ...nets.map((net, i) => drawNet(net, i, sx, sy)),
      drawNames(plane),
      drawLegend(plane),
    ].join(''),
    width: frame.left + frame.width + legend.gap + legend.textFrom + namesWidth + 24,
    height: Math.max(frame.top + frame.height + 64, frame.top + 24 + (nets.length + 1) * legend.lineHeight),
  };
}

/** As SVG; texts are outlines, so it looks the same everywhere. */
export function drawPlaneSvg(plane: Plane): string {
  const { body, width, height } = draw(plane);
  return svgOf(body, Math.ceil(width), Math.ceil(height));
}

export async function drawPlanePng(plane: Plane): Promise<Uint8Array> {
  const { body, width, height } = draw(plane);
  return rasterise(body, width, height);
}
