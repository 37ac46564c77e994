// The page: sections drawn from the data embedded in it; a live one asks for newer data now and then.

import type { PageData } from '../data.ts';
import { classSection, robustnessSection } from './curves.ts';
import { type Child, h } from './dom.ts';
import {
  checkpointSection,
  comparisonSection,
  evaluationSection,
  flagSection,
  makingSection,
  overview,
  unattackedSection,
} from './facts.ts';
import { gallerySection } from './gallery.ts';
import { follow } from './live.ts';
import { drawSection } from './section.ts';
import { replaceContent } from './state.ts';
import { robustTrainingSection, trainingSection } from './training.ts';

const sections = [
  comparisonSection,
  robustnessSection,
  gallerySection,
  classSection,
  flagSection,
  robustTrainingSection,
  trainingSection,
  evaluationSection,
  unattackedSection,
  checkpointSection,
  makingSection,
];

const body = h('div');
const news = h('p', { role: 'status', class: 'news' });

function draw(data: PageData): void {
  const drawn = sections.flatMap((section) => {
    const { id, heading, content } = section(data);
    const element = drawSection({ id, heading, content });
    return element ? [{ id, heading, element }] : [];
  });
  const links = drawn.map(({ id, heading }): Child => h('li', {}, h('a', { href: `#${id}` }, heading)));
  const top = overview(data);
  top.append(h('nav', { 'aria-label': 'Sections' }, h('ul', {}, ...links)));
  keepPlace(() => replaceContent(body, [top, h('main', {}, ...drawn.map(({ element }) => element))]));
}

/** Charts are drawn a moment later, and until then the page would be shorter than where the reader is. */
function keepPlace(change: () => void): void {
  const place = window.scrollY;
  body.style.minHeight = `${body.offsetHeight}px`;
  change();
  window.scrollTo(0, place);
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      body.style.minHeight = '';
      window.scrollTo(0, place);
    }),
  );
}

document.body.append(body, news);
const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData;
draw(data);
if (document.documentElement.hasAttribute('data-live')) follow(data, draw, news);
