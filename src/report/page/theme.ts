// Colours of the page, for light and dark screens. A test holds every text and curve to a contrast of 4.5:1.

export interface Theme {
  readonly page: string;
  readonly card: string;
  readonly ink: string;
  readonly faint: string;
  readonly line: string;
  readonly accent: string;
  readonly warning: string;
  /** Of curves, apart under the common colour blindnesses: the hues of `palette`, as dark or light as need be. */
  readonly series: readonly string[];
}

export const light: Theme = {
  page: '#f6f7f9',
  card: '#ffffff',
  ink: '#1f2937',
  faint: '#535c6b',
  line: '#d5d9e0',
  accent: '#0b5fa5',
  warning: '#9a3b00',
  series: ['#0067a3', '#b34500', '#00735a', '#a03d75', '#7a5c00', '#5a50c8', '#1f2937'],
};

export const dark: Theme = {
  page: '#11151b',
  card: '#1a2029',
  ink: '#e6e9ee',
  faint: '#a7b0bd',
  line: '#3a4351',
  accent: '#7cc0f5',
  warning: '#ffab70',
  series: ['#5fb6ee', '#ff9a5c', '#35c99f', '#ee9cc8', '#e3b93f', '#b0a8ff', '#e6e9ee'],
};

function variables({ series, ...named }: Theme): string {
  const all = [
    ...Object.entries(named).map(([name, colour]) => `--${name}:${colour}`),
    ...series.map((colour, i) => `--series${i}:${colour}`),
  ];
  return all.join(';');
}

/** The variables of both, as CSS. */
export const themeCss = `:root{color-scheme:light dark;${variables(light)}}@media (prefers-color-scheme:dark){:root{${variables(dark)}}}`;
