import type { PageData } from '../data.ts';

const every = 2000;

/** Asks the server for newer data until the page is closed; `draw` gets them, `news` says what happened. */
export function follow(draw: (data: PageData) => void, news: HTMLElement): void {
  let version = '';
  async function ask(): Promise<void> {
    try {
      const response = await fetch('data.json', { headers: version ? { 'if-none-match': version } : {} });
      if (response.status === 200) {
        const data = (await response.json()) as PageData;
        // The first answer is what the page was made with.
        const isNew = version !== '';
        version = response.headers.get('etag') ?? '';
        if (isNew) draw(data);
        news.textContent = stateOf(data);
      } else if (response.status !== 304) {
        news.textContent = `The server answered ${response.status}: ${await response.text()}`;
      }
    } catch {
      news.textContent = 'medrobust watch has ended: this is what it showed last.';
    }
    setTimeout(ask, every);
  }
  void ask();
}

function stateOf({ runs, made }: PageData): string {
  const states = runs.map(({ records, epochs, status }) =>
    status === 'running'
      ? `epoch ${records.length + 1} of ${epochs} under way`
      : `${records.length} of ${epochs} epochs, ${status}`,
  );
  return `${states.join('; ')} · updated ${made.slice(11, 19)} UTC`;
}
