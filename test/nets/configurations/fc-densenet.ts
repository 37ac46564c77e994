// Rows of FC-DenseNets.

import type { Configuration, Row } from './row.ts';

const presets: Readonly<Record<string, 'fcDensenet56' | 'fcDensenet67' | 'fcDensenet103'>> = {
  fc_densenet56: 'fcDensenet56',
  fc_densenet67: 'fcDensenet67',
  fc_densenet103: 'fcDensenet103',
};

export function choiceOf({ name }: Row): Configuration | undefined {
  const preset = presets[name];
  return preset && { choice: { name: 'fcDensenet', preset }, stageOf };
}

/**
 * Theirs counts the blocks of the way up from the bottleneck. Of the bottleneck and of all blocks up but the last, a row
 * says what entered and what was made, stacked, which nothing takes up: `fc-densenet.test.ts` adds the two up.
 */
function stageOf(theirs: string): string | null {
  const up = /^db_up(\d)$/.exec(theirs);
  if (theirs === 'bottleneck' || (up && up[1] !== '5')) return null;
  if (up) return 'up1';
  return theirs
    .replace(/^first_conv$/, 'conv1')
    .replace(/^db_down/, 'down')
    .replace(/^td/, 'transitionDown');
}
