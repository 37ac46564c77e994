import type { PageData } from '../data.ts';

const every = 2000;

/**
 * Asks the server for newer data until the page is closed. `draw` gets them where `shown`, what the page began with,
 * is no longer so; `news` says how the runs stand.
 */
export function follow(shown: PageData, draw: (data: PageData) => void, news: HTMLElement): void {
  let version = '';
  let runs = JSON.stringify(shown.runs);
  async function ask(): Promise<void> {
    try {
      const response = await fetch('data.json', { headers: version ? { 'if-none-match': version } : {} });
      if (response.status === 200) {
        const data = (await response.json()) as PageData;
        version = response.headers.get('etag') ?? '';
        const found = JSON.stringify(data.runs);
        if (found !== runs) draw(data);
        runs = found;
        say(stateOf(data));
      } else if (response.status !== 304) {
        say(`The server answered: ${await response.text()}`);
      }
    } catch {
      say('medrobust watch has ended: this is what it showed last.');
    }
    setTimeout(ask, every);
  }
  // What has not changed is not to be announced again.
  function say(text: string): void {
    if (news.textContent !== text) news.textContent = text;
  }
  void ask();
}

function stateOf({ runs }: PageData): string {
  const states = runs.map(({ records, epochs, status }) => {
    if (status === 'running') return `epoch ${records.length + 1} of ${epochs} is under way`;
    return `${records.length} of ${epochs} epochs, ${status}`;
  });
  return states.join('; ');
}
