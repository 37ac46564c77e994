// Elements. Texts from data become text nodes and attributes, never markup.

export type Child = Node | string | undefined | false;

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}

/** An element of HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** Texts that may take several lines of a cell. */
const isLong = (cell: Child | string) => typeof cell === 'string' && cell.length > 60;

/** A table with a caption; the first cell of a row is its heading. Wide ones scroll by themselves. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (Child | string)[])[],
): HTMLElement {
  const head = h('tr', {}, ...columns.map((name) => h('th', { scope: 'col' }, name)));
  const body = rows.map(([first, ...rest]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, first),
      ...rest.map((cell) => h('td', { class: isLong(cell) && 'long' }, cell)),
    ),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', {}, h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, ...body)),
  );
}

/** Text in which `…` between backquotes is code. */
export function prose(text: string): HTMLElement {
  const parts = text.split('`').map((part, i) => (i % 2 === 1 ? h('code', {}, part) : part));
  return h('span', {}, ...parts);
}
