// What the reader chose: it outlasts a redrawing, as when an epoch ends.

import { type Child, h } from './dom.ts';

const chosen = new Map<string, unknown>();

export function recall<T>(key: string, initial: T): T {
  return chosen.has(key) ? (chosen.get(key) as T) : initial;
}

export function remember(key: string, value: unknown): void {
  chosen.set(key, value);
}

/** Replaces the content of an element, and gives the focus back to what has the same id. */
export function replaceContent(element: HTMLElement, content: readonly Child[]): void {
  const focused = element.contains(document.activeElement) ? document.activeElement?.id : undefined;
  element.replaceChildren(...content.filter((child) => child !== undefined && child !== false));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** A checkbox with its label. `id` also names the choice. */
export function toggle(
  id: string,
  label: Child,
  { initial = true, onChange }: { readonly initial?: boolean; readonly onChange: () => void },
): HTMLElement {
  const input = h('input', { type: 'checkbox', id, checked: recall(id, initial) });
  input.addEventListener('change', () => {
    remember(id, input.checked);
    onChange();
  });
  return h('label', { class: 'toggle', for: id }, input, label);
}

/** A choice of one among several, with its label. */
export function choice(
  id: string,
  label: string,
  options: readonly string[],
  { initial, onChange }: { readonly initial: string; readonly onChange: () => void },
): HTMLElement {
  const remembered = recall(id, initial);
  const now = options.includes(remembered) ? remembered : initial;
  const select = h(
    'select',
    { id },
    ...options.map((option) => h('option', { value: option, selected: option === now }, option)),
  );
  select.addEventListener('change', () => {
    remember(id, select.value);
    onChange();
  });
  return h('label', { class: 'choice', for: id }, `${label} `, select);
}

/** What was chosen by `choice`, as long as it can be. */
export function chosenOf(id: string, options: readonly string[], initial: string): string {
  const remembered = recall(id, initial);
  return options.includes(remembered) ? remembered : initial;
}

/** Something folded away that stays as the reader left it. */
export function fold(id: string, summary: string, ...content: readonly Child[]): HTMLElement {
  const details = h('details', { open: recall(id, false) }, h('summary', { id }, summary), ...content);
  details.addEventListener('toggle', () => remember(id, details.open));
  return details;
}
