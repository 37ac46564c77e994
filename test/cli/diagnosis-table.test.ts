import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnosis, markdownOf } from '../../src/cli/diagnosis-table.ts';
import type { Checked } from '../../src/robustness/diagnostics/diagnostic.ts';
import type { Diagnosis } from '../../src/train/diagnose.ts';

const about = (number: number, name: string, attack?: string) => ({
  number,
  name,
  figure: `figure of ${name}`,
  ...(attack && { attack }),
});

const checks: Checked[] = [
  { ...about(1, 'raw-rises', 'pgd'), verdict: 'passed', value: 0.0123456, threshold: 0.02 },
  { ...about(1, 'raw-rises', 'gaussianNoise'), verdict: 'notApplicable', text: 'no gradient' },
  { ...about(4, 'not-converged'), verdict: 'raised', value: 0.06, threshold: 0.02, text: 'more steps.' },
  { ...about(13, 'silent-success', 'fgsm'), verdict: 'notApplicable', text: 'one step' },
  { ...about(13, 'silent-success', 'gaussianNoise'), verdict: 'notApplicable', text: 'one step' },
];

const diagnosis: Diagnosis = {
  experiment: 'demo',
  net: 'resnet',
  split: 'test',
  images: 50,
  norm: 'linf',
  epsilon: 4 / 255,
  attack: { name: 'pgd' },
  checks,
  flags: ['not-converged: more steps.'],
  gradientLengths: [],
  seconds: 12.4,
};

test('a diagnosis is a line for each check where it applies, and where it applies nowhere, one', () => {
  assert.equal(
    formatDiagnosis(diagnosis),
    `demo: resnet on 50 images of the test split, linf epsilon 4/255, attack pgd

 #  check           attack  verdict         found   at most  what
 1  raw-rises       pgd     passed          0.0123  0.02     figure of raw-rises
 4  not-converged           RAISED          0.06    0.02     more steps.
13  silent-success  fgsm    not applicable                   one step

1 flag: 1 passed, 1 not applicable, 12 s. docs/sanity-checks.md explains each by its name.
`,
  );
});

test('the same as a table in markdown', () => {
  const lines = markdownOf(diagnosis).split('\n');
  assert.equal(lines[4], '| 1 | raw-rises | pgd | passed | 0.0123 | 0.02 | figure of raw-rises |');
  assert.equal(lines.filter((line) => line.startsWith('|')).length, 5);
});
