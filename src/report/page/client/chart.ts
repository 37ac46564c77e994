// A chart with its legend. The legend's entries are checkboxes that hide curves, and say the values at the place
// where the chart is read: under the pointer, or where the slider below it stands.

import { formatEstimate } from '../../numbers.ts';
import { h, svg, table } from './dom.ts';
import {
  colourOf,
  type Drawn,
  dashOf,
  drawPlot,
  markOf,
  type Plot,
  type Point,
  type Series,
} from './plot.ts';
import { fold, recall, remember, replaceContent, toggle } from './state.ts';

export interface Chart extends Omit<Plot, 'all' | 'shown' | 'bands'> {
  readonly id: string;
  readonly title: string;
  readonly series: readonly Series[];
  readonly bands?: boolean;
  /** Keys of series that are hidden until the reader asks for them. */
  readonly hidden?: ReadonlySet<string>;
  /** How x is spoken of: `epsilon`, `epoch`. */
  readonly xName: string;
}

const textOf = (point: Point | undefined) =>
  point && Number.isFinite(point.y) ? formatEstimate({ value: point.y, ...boundsOf(point) }) : '–';

function boundsOf({ low, high }: Point) {
  return { ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
}

const pointAt = (series: Series, x: number) => series.points.find((point) => point.x === x);

function sample({ colour, mark, dash, beneath }: Series): SVGElement {
  const line = beneath
    ? svg('g', { class: 'beneath' }, svg('path', { d: 'M4 8H24' }))
    : svg('path', {
        d: 'M0 8H28',
        class: 'curve',
        stroke: colourOf(colour),
        'stroke-dasharray': dashOf({ colour, dash }),
      });
  return svg(
    'svg',
    { width: 28, height: 16, 'aria-hidden': true, fill: colourOf(colour) },
    line,
    ...(beneath ? [] : [markOf(mark, 14, 8)]),
  );
}

export function chart(options: Chart): HTMLElement {
  const { id, series, bands = false, formatX, xName } = options;
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  if (xs.length === 0) return h('p', { class: 'faint' }, `${options.title}: nothing was measured yet.`);
  const figure = h('figure', { class: 'chart', id });
  const nameOf = (key: string) => `${id}-${key}`;
  const isShown = ({ key }: Series) => recall(nameOf(key), !options.hidden?.has(key));
  const legendValues = new Map<string, HTMLElement>();
  const place = h('div', { class: 'plot' });
  const where = h('span', { class: 'where' });
  let drawn: Drawn | undefined;
  const index = () => Math.min(recall(`${id}-at`, xs.length - 1), xs.length - 1);
  const slider = h('input', { type: 'range', id: `${id}-slider`, min: 0, max: xs.length - 1, step: 1 });
  slider.setAttribute('aria-label', `${options.title}: read the values along ${xName}`);

  function read(): void {
    const x = xs[index()] as number;
    drawn?.guide(x);
    where.textContent = `${xName} ${formatX(x)}`;
    slider.value = String(index());
    const texts = series.map((one) => {
      const text = textOf(pointAt(one, x));
      const cell = legendValues.get(one.key);
      if (cell) cell.textContent = text;
      return isShown(one) ? `${one.name} ${text}` : '';
    });
    slider.setAttribute('aria-valuetext', `${xName} ${formatX(x)}: ${texts.filter(Boolean).join(', ')}`);
  }

  function draw(): void {
    const width = place.clientWidth;
    if (width === 0) return;
    drawn = drawPlot({ ...options, all: series, shown: series.filter(isShown), bands }, width);
    drawn.element.setAttribute('role', 'img');
    drawn.element.setAttribute('aria-label', summaryOf(options, series.filter(isShown)));
    replaceContent(place, [drawn.element]);
    read();
  }

  function readNear(event: PointerEvent): void {
    if (!drawn) return;
    const x = drawn.xAt(event.clientX - drawn.element.getBoundingClientRect().left);
    const nearest = xs.reduce(
      (best, at, i) => (Math.abs(at - x) < Math.abs((xs[best] as number) - x) ? i : best),
      0,
    );
    remember(`${id}-at`, nearest);
    read();
  }

  place.addEventListener('pointermove', readNear);
  place.addEventListener('pointerdown', readNear);
  slider.addEventListener('input', () => {
    remember(`${id}-at`, Number(slider.value));
    read();
  });
  const entries = series.map((one) => {
    const value = h('span', { class: 'value' });
    legendValues.set(one.key, value);
    const name = h('span', { class: 'name' }, one.name);
    const label = h('span', { class: 'entry' }, sample(one), h('span', {}, name, ' ', value));
    return toggle(nameOf(one.key), label, { initial: !options.hidden?.has(one.key), onChange: draw });
  });
  figure.append(
    h('figcaption', {}, options.title),
    h(
      'div',
      { class: 'reading' },
      h('div', {}, place, slider),
      h('fieldset', { class: 'legend' }, h('legend', {}, 'Curves, at ', where), ...entries),
    ),
    fold(`${id}-table`, 'The values as a table', valueTable(options, xs)),
  );
  new ResizeObserver(draw).observe(place);
  return figure;
}

function valueTable({ title, xName, series, formatX }: Chart, xs: readonly number[]): HTMLElement {
  return table(
    title,
    [xName, ...series.map(({ name }) => name)],
    xs.map((x) => [formatX(x), ...series.map((one) => textOf(pointAt(one, x)))]),
  );
}

/** What the picture shows, in words: where each curve begins and ends. */
function summaryOf({ title, xName, formatX }: Chart, shown: readonly Series[]): string {
  const parts = shown.map(({ name, points }) => {
    const known = points.filter(({ y }) => Number.isFinite(y));
    const [first, last] = [known[0], known.at(-1)];
    if (!first || !last) return `${name} has no values`;
    return `${name} from ${textOf(first)} at ${formatX(first.x)} to ${textOf(last)} at ${formatX(last.x)}`;
  });
  return `${title}, by ${xName}. ${parts.join('; ')}.`;
}
