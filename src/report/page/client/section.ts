import { type Child, h } from './dom.ts';
import { replaceContent } from './state.ts';

/** A part of the page under a heading of its own, which can be linked to. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  /** Its content; nothing where it has none. `redraw` draws it again, after a choice of the reader. */
  readonly content: (redraw: () => void) => readonly Child[];
}

export function drawSection({ id, heading, content }: Section): HTMLElement | undefined {
  const body = h('div');
  const redraw = () => replaceContent(body, content(redraw));
  redraw();
  if (body.childNodes.length === 0) return undefined;
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-heading` },
    h('h2', { id: `${id}-heading` }, heading),
    body,
  );
}
