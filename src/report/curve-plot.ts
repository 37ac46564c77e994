import { type Axis, horizontalAxis, verticalAxis } from './axis.ts';
import { type CurvePoint, drawBeneath, drawBeneathEntry, drawCurve, drawLegendEntry } from './curve-marks.ts';
import { faintInk, gridColour, ink } from './palette.ts';
import { rasterise } from './raster.ts';
import { drawText, shorten, textWidth } from './text.ts';

export interface CurvePlot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Points ascend in x. One with a NaN leaves a gap; `low` and `high` bound a confidence band. */
  readonly curves: readonly PlottedCurve[];
}

export interface PlottedCurve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** A summary of the others: a broad pale line beneath them, without band and marks, that hides none. */
  readonly beneath?: boolean;
}

const frame = { left: 64, top: 56, width: 560, height: 340 };
const bottomMargin = 60;
const rightMargin = 24;
const legend = { gap: 24, lineHeight: 24, textFrom: 38, longestText: 240 };
const titleStyle = { size: 17, weight: 'bold', fill: ink } as const;
const labelStyle = { size: 13, fill: ink } as const;
const tickStyle = { size: 12, fill: faintInk } as const;
const legendStyle = { size: 13, fill: ink } as const;

/** From the numbers of an axis to the units of the drawing. */
interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const line = (x1: number, y1: number, x2: number, y2: number, stroke: string) =>
  `<path d="M${x1.toFixed(2)} ${y1.toFixed(2)}L${x2.toFixed(2)} ${y2.toFixed(2)}" stroke="${stroke}"/>`;

function drawFrame(horizontal: Axis, vertical: Axis, scales: Scales): string {
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  return [
    ...vertical.ticks.flatMap(({ at, label }) => [
      line(frame.left, scales.y(at), right, scales.y(at), gridColour),
      drawText(label, frame.left - 10, scales.y(at) + 4.5, { ...tickStyle, anchor: 'end' }),
    ]),
    ...horizontal.ticks.flatMap(({ at, label }) => [
      line(scales.x(at), frame.top, scales.x(at), bottom, gridColour),
      line(scales.x(at), bottom, scales.x(at), bottom + 5, faintInk),
      drawText(label, scales.x(at), bottom + 20, { ...tickStyle, anchor: 'middle' }),
    ]),
    line(frame.left, bottom, right, bottom, faintInk),
  ].join('');
}

function drawLabels({ title, xLabel, yLabel }: CurvePlot, width: number): string {
  const [middleX, middleY] = [frame.left + frame.width / 2, frame.top + frame.height / 2];
  const yText = shorten(yLabel, frame.height, labelStyle);
  return [
    drawText(shorten(title, width - frame.left - rightMargin, titleStyle), frame.left, 32, titleStyle),
    drawText(shorten(xLabel, frame.width, labelStyle), middleX, frame.top + frame.height + 46, {
      ...labelStyle,
      anchor: 'middle',
    }),
    `<g transform="translate(20 ${middleY}) rotate(-90)">`,
    drawText(yText, 0, 0, { ...labelStyle, anchor: 'middle' }),
    '</g>',
  ].join('');
}

function drawLegend(names: readonly string[], curves: readonly PlottedCurve[]): string {
  const x = frame.left + frame.width + legend.gap;
  return names
    .map((name, index) => {
      const y = frame.top + 10 + index * legend.lineHeight;
      const entry = curves[index]?.beneath ? drawBeneathEntry(x, y) : drawLegendEntry(index, x, y);
      return entry + drawText(name, x + legend.textFrom, y + 4.5, legendStyle);
    })
    .join('');
}

/**
 * A line plot as a PNG, for instance of a metric over an adversary's budget.
 *
 * Values in [0, 1] get an axis from 0 to 1; budgets that are multiples of 1/255 are written as such. Colours
 * suit the colour-blind, and each curve has a mark of its own shape too; more than seven curves repeat colours,
 * with dashes. Text needs no fonts on the machine. The same plot gives the same bytes.
 */
export async function drawCurves(plot: CurvePlot): Promise<Uint8Array> {
  const points = plot.curves.flatMap((curve) => curve.points);
  const finite = (values: readonly (number | undefined)[]) => values.filter(Number.isFinite) as number[];
  const horizontal = horizontalAxis(finite(points.map(({ x }) => x)));
  const vertical = verticalAxis(finite(points.flatMap(({ y, low, high }) => [y, low, high])));
  const scales = {
    x: (value: number) =>
      frame.left + ((value - horizontal.low) / (horizontal.high - horizontal.low)) * frame.width,
    y: (value: number) =>
      frame.top + frame.height - ((value - vertical.low) / (vertical.high - vertical.low)) * frame.height,
  };
  const names = plot.curves.map(({ name }) => shorten(name, legend.longestText, legendStyle));
  const namesWidth = Math.max(0, ...names.map((name) => textWidth(name, legendStyle)));
  const width = frame.left + frame.width + legend.gap + legend.textFrom + namesWidth + rightMargin;
  const legendHeight = names.length * legend.lineHeight;
  const height = frame.top + Math.max(frame.height + bottomMargin, legendHeight + 10);
  const beneath = plot.curves.map(({ beneath, points }) =>
    beneath ? drawBeneath(points, scales.x, scales.y) : '',
  );
  const above = plot.curves.map(({ beneath, points }, index) =>
    beneath ? '' : drawCurve(index, points, scales.x, scales.y),
  );
  const body = [drawFrame(horizontal, vertical, scales), ...beneath, ...above, drawLabels(plot, width)];
  return rasterise(body.join('') + drawLegend(names, plot.curves), width, height);
}
