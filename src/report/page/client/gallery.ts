// Attacked images: clean, adversarial, and what lies between.

import { formatEpsilon, formatValue } from '../../numbers.ts';
import type { AdversarialData, GalleryData, GalleryRowData, PageData, SeenData } from '../data.ts';
import { type Child, h } from './dom.ts';
import { shortNames } from './names.ts';
import type { Section } from './section.ts';
import { fold, recall, toggle } from './state.ts';

interface Picture {
  readonly seen: SeenData;
  readonly image: string;
  readonly alt: string;
  readonly caption: readonly Child[];
  /** The true mask; a difference has neither that nor the predicted one. */
  readonly labels?: string | undefined;
  readonly masks: boolean;
}

/** Small images are shown large, each of their pixels for itself. */
const least = 150;

function drawPicture({ seen, image, alt, caption, labels, masks }: Picture): HTMLElement {
  const scale = Math.max(1, Math.round(least / Math.max(seen.width, seen.height)));
  const width = Math.min(320, seen.width * scale);
  const overlays = masks
    ? [recall('prediction', true) && seen.prediction, recall('labels', true) && labels]
    : [];
  const style = `width:${width}px;aspect-ratio:${seen.width}/${seen.height}`;
  return h(
    'figure',
    { class: 'picture' },
    h(
      'div',
      { class: 'layers', style },
      h('img', { src: image, alt, class: scale > 1 ? 'pixels' : '' }),
      ...overlays.map((source) => source && h('img', { src: source, alt: '', class: 'layer' })),
    ),
    h('figcaption', { style: `max-width:${width}px` }, ...caption),
  );
}

function drawClean({ id, truth, labels, clean }: GalleryRowData): HTMLElement {
  return drawPicture({
    seen: clean,
    image: clean.image,
    alt: `${id}, clean: truth ${truth}, found ${clean.found}`,
    caption: [
      h('strong', {}, 'clean'),
      h('span', {}, `truth: ${truth}`),
      h('span', {}, `found: ${clean.found}`),
    ],
    labels,
    masks: true,
  });
}

function drawAttacked({ id, labels, clean }: GalleryRowData, made: AdversarialData): HTMLElement {
  const { attack, found, ssim, linf, l2, l0, factor } = made;
  // Of masks, how much they hold says little.
  const changed = !made.prediction && found !== clean.found;
  const adversarial = drawPicture({
    seen: made,
    image: made.image,
    alt: `${id} under ${attack}: found ${found}, similarity ${formatValue(ssim)}`,
    caption: [
      h('strong', {}, attack),
      h('span', { class: changed ? 'changed' : '' }, `found: ${found}${changed ? ' (changed)' : ''}`),
      h('span', {}, `SSIM ${ssim.toFixed(4)}`),
    ],
    labels,
    masks: true,
  });
  const difference = drawPicture({
    seen: made,
    image: made.difference,
    alt: `${id}: what ${attack} added, magnified ${factor} times around grey`,
    caption: [
      h('strong', {}, l0 === 0 ? 'no difference' : `difference × ${factor}`),
      h('span', {}, `L∞ ${levels(linf)}/255, L2 ${formatValue(l2)}`),
      h('span', {}, `${(100 * l0).toFixed(l0 > 0.1 ? 0 : 1)} % of the pixels`),
    ],
    masks: false,
  });
  return h('div', { class: 'pair' }, adversarial, difference);
}

/** Steps of less than a grey level are made, too. */
function levels(linf: number): string {
  const value = linf * 255;
  return value === 0 || value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

const attacksOf = ({ rows }: GalleryData) => [
  ...new Set(rows.flatMap(({ adversarial }) => adversarial.map(({ attack }) => attack))),
];

function drawRow(row: GalleryRowData): HTMLElement {
  const shown = row.adversarial.filter(({ attack }) => recall(`gallery-${attack}`, true));
  return h(
    'div',
    { class: 'row' },
    h('h4', {}, row.id),
    h('div', { class: 'pictures' }, drawClean(row), ...shown.map((made) => drawAttacked(row, made))),
  );
}

function drawGallery({ picture, rows, key }: GalleryData): Child[] {
  if (picture) {
    const alt = 'Clean images, what each attack makes of them, and the differences, magnified around grey';
    return [h('div', { class: 'scroll' }, h('img', { src: picture, alt, class: 'whole' }))];
  }
  return [
    key.length > 0 &&
      h(
        'ul',
        { class: 'key' },
        ...key.map(({ name, colour }) =>
          h('li', {}, h('span', { class: 'swatch', style: `background:${colour}` }), name),
        ),
      ),
    ...rows.map(drawRow),
  ];
}

/** Of more runs than two, pictures are folded away: they would be most of the page. */
function drawGalleries(runs: PageData['runs']): Child[] {
  const names = shortNames(runs);
  return runs.flatMap(({ gallery }, i) => {
    if (!gallery) return [];
    const title = `${runs.length > 1 ? `${names[i]}, ` : ''}after epoch ${gallery.epoch}`;
    const pictures = drawGallery(gallery);
    return runs.length > 2
      ? [fold(`gallery-of-${i}`, title, ...pictures)]
      : [h('h3', {}, title), ...pictures];
  });
}

export function gallerySection({ runs }: PageData): Section {
  return {
    id: 'gallery',
    heading: 'Attacked images',
    content(redraw) {
      const galleries = runs.flatMap(({ gallery }) => (gallery ? [gallery] : []));
      if (galleries.length === 0) return [];
      const attacks = [...new Set(galleries.flatMap(attacksOf))];
      const masks = galleries.some(({ rows }) => rows.some(({ clean }) => clean.prediction));
      const within = galleries.map(({ norm, epsilon }) => `${formatEpsilon(epsilon, norm)} (${norm})`);
      return [
        attacks.length > 0 &&
          h(
            'p',
            {},
            `Within epsilon ${[...new Set(within)].join(' and ')}. Differences are around middle grey, which means no change.`,
          ),
        attacks.length > 0 &&
          h(
            'fieldset',
            { class: 'controls' },
            h('legend', {}, 'Shown'),
            ...attacks.map((attack) => toggle(`gallery-${attack}`, attack, { onChange: redraw })),
            masks && toggle('prediction', 'what was found', { onChange: redraw }),
            masks && toggle('labels', 'the truth, outlined', { onChange: redraw }),
          ),
        ...drawGalleries(runs),
      ];
    },
  };
}
