// The sanity checks find what they are for, and nothing in nets that are sound.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { defineAttack } from '../../src/attacks/attack.ts';
import { type AttackChoice, attackOf, createAttack } from '../../src/attacks/create.ts';
import { useEngine } from '../../src/engine/engine.ts';
import { stopGradient } from '../../src/engine/ops/stop-gradient.ts';
import { RunError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { diagnostics, recordChecks } from '../../src/robustness/diagnostics/registry.ts';
import { type GoldenNet, golden, openClassifier, openSegmenter } from '../attacks/golden.ts';
import { noTensorLeak } from '../support.ts';
import { type Examined, evaluated, findingsOf, namesOf, pgd, raisedBy, subjectOf } from './diagnosed.ts';

let classifier: GoldenNet;
let segmenter: GoldenNet;
before(async () => {
  await useEngine('auto');
  classifier = openClassifier();
  segmenter = openSegmenter();
});
after(() => {
  classifier.dispose();
  segmenter.dispose();
});

type Logits = Examined['logits'];

/** The classifier of the fixtures with something done to it. */
function changed(plant: (logits: Logits) => Logits): Examined {
  const { images, labels, logits } = classifier;
  return { images, labels, logits: plant(logits) };
}

const scaled = (scale: number) => changed((logits) => (images) => logits(images).mul(scale));

/** No gradient reaches the images. */
const cutOff = () => changed((logits) => (images) => logits(stopGradient(images)));

const rounded = (images: tf.Tensor) => images.mul(32).round().div(32);

/** Told by others: the budget, training against attacks, callbacks of `model.fit`. */
const OTHER_FLAGS = [
  'catastrophic-overfitting',
  'logits-out-of-reach',
  'outputs-not-logits',
  'partial-curve',
];

test('every check is explained in docs/sanity-checks.md, with the number it has, and nothing else is', () => {
  const docs = readFileSync(new URL('../../docs/sanity-checks.md', import.meta.url), 'utf8');
  const sections = docs.split(/^## /m).slice(1);
  const names = diagnostics.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    sections.map((section) => section.split('\n')[0]).sort(),
    [...names, ...OTHER_FLAGS].sort(),
  );
  for (const section of sections) {
    const parts = [...section.matchAll(/^\*\*(Raised if|Explanation\.|What to do\.)\*\*/gm)].map(
      ([, part]) => part,
    );
    assert.deepEqual(parts, ['Raised if', 'Explanation.', 'What to do.'], section);
  }
  for (const { name, number, needs } of diagnostics) {
    const row = docs.split('\n').find((line) => line.startsWith(`| ${number} |`)) ?? '';
    assert.ok(row.includes(`[${name}](#${name})`), `${number}: ${name}`);
    const cheap = needs === 'curves' || needs === 'batch';
    assert.ok(row.includes(cheap ? 'every evaluation' : '`diagnose`'), `${name}: when`);
  }
  assert.deepEqual(
    [...new Set(diagnostics.map(({ number }) => number))],
    Array.from({ length: 17 }, (_, i) => i + 1),
  );
});

describe('sound nets raise no flag', () => {
  test('the classifier of the fixtures', () =>
    noTensorLeak(async () => {
      assert.deepEqual(namesOf(await evaluated(classifier)), []);
      assert.deepEqual(raisedBy(subjectOf(classifier, {}, { surrogate: classifier })), []);
    }));

  test('the segmenter of the fixtures', () =>
    noTensorLeak(async () => {
      const metric = 'dice';
      assert.deepEqual(namesOf(await evaluated(segmenter, { metric })), []);
      assert.deepEqual(raisedBy(subjectOf(segmenter, { metric }, { surrogate: segmenter })), []);
    }));
});

describe('the masked classifiers of the fixtures', () => {
  const { cases } = golden<{ cases: Record<string, { logit_scale: number }> }>('gradient-masking');
  for (const { logit_scale: scale } of Object.values(cases)) {
    test(`logits multiplied by ${scale}`, () =>
      noTensorLeak(async () => {
        const masked = scale > 1;
        const net = scaled(scale);
        assert.equal(namesOf(await evaluated(net)).includes('zero-gradients'), masked);
        const raised = raisedBy(subjectOf(net));
        for (const name of ['logit-scale', 'square-wins']) assert.equal(raised.includes(name), masked, name);
      }));
  }
});

describe('defects that every evaluation finds', () => {
  const planted: Readonly<Record<string, readonly [name: string, net: () => Examined]>> = {
    'a gradient cut off': ['zero-gradients', cutOff],
    'an input rounded': [
      'zero-gradients',
      () => changed((logits) => (x) => logits(rounded(x) as tf.Tensor4D)),
    ],
    'a rounding that passes its gradient on': [
      'wrong-gradients',
      () => changed((logits) => (x) => logits(x.add(stopGradient(rounded(x).sub(x))) as tf.Tensor4D)),
    ],
    'one channel cut off from the gradient': [
      'wrong-gradients',
      () =>
        changed((logits) => (x) => {
          const [red, ...others] = tf.split(x, 3, 3);
          return logits(tf.concat([stopGradient(red as tf.Tensor4D), ...(others as tf.Tensor4D[])], 3));
        }),
    ],
    'a square root at 0': [
      'broken-gradients',
      () => changed((logits) => (x) => logits(x.add(x.sub(x).abs().sqrt()) as tf.Tensor4D)),
    ],
    'a softmax at the end': ['softmax-output', () => changed((logits) => (x) => logits(x).softmax())],
    'dropout left on': [
      'random-output',
      () => {
        const dropout = tf.layers.dropout({ rate: 0.1 });
        return changed((logits) => (x) => logits(dropout.apply(x, { training: true }) as tf.Tensor4D));
      },
    ],
    'a loss that jumps': [
      'unstable-loss',
      () =>
        changed((logits) => (x) => {
          const waves = x.mean([1, 2, 3]).mul(1e5).sin().mul(10);
          return logits(x).add(waves.expandDims(1).mul([1, -1, 1, -1, 1]));
        }),
    ],
  };
  for (const [what, [name, net]] of Object.entries(planted)) {
    test(`${what}: ${name}`, async () => {
      const names = namesOf(await evaluated(net()));
      assert.ok(names.includes(name), `raised: ${names}`);
    });
  }

  test('a net in training mode, which takes the statistics of the batch: batch-dependent', async () => {
    const norm = tf.layers.batchNormalization({});
    const net = changed((logits) => (x) => logits(norm.apply(x, { training: true }) as tf.Tensor4D));
    const names = namesOf(await evaluated(net));
    assert.ok(names.includes('batch-dependent'), `raised: ${names}`);
    norm.dispose();
  });

  test('an attack that succeeds and returns something else: silent-success', async () => {
    const forgetful = defineAttack({
      defaults: {},
      perturb(images, context) {
        createAttack(pgd).perturb(images, context);
        return images.clone();
      },
    });
    const attacks = [createAttack(pgd), attackOf('forgetful', forgetful, {})];
    const { curves } = await evaluated(classifier, { attacks });
    const raised = curves.map(({ flags }) => flags.some((flag) => flag.startsWith('silent-success: 7 ')));
    assert.deepEqual(raised, [false, true]);
  });

  test('attacks on segmenters that succeed raise no zero-gradients, with their last image neither', async () => {
    const { images, labels } = segmenter;
    const net = { images, labels, logits: (x: tf.Tensor4D) => segmenter.logits(x) };
    const attacks = [
      createAttack({ name: 'dag', stepSize: 0.05 }),
      createAttack({ name: 'segBisection', rounds: 2, steps: 4 }),
    ];
    const found = await evaluated(net, { metric: 'pixelAccuracy', attacks, epsilon: 1 });
    for (const { flags, points } of found.curves) {
      assert.ok((points.at(-1)?.value as number) < 0.05, 'nearly every pixel is wrong');
      assert.deepEqual(flags, []);
    }
    const [first] = segmenter.labels.shape.slice(1);
    const bare = tf.fill([1, first as number, segmenter.labels.shape[2] as number], 0, 'int32');
    const some = { ...net, labels: tf.concat([bare, labels.slice(1)]) };
    for (const name of ['segPgd', 'sea', 'dag'] as const) {
      const choice = { name, pixels: 'foreground', ...(name === 'sea' && { steps: 3 }) } as AttackChoice;
      const without = await evaluated(some, { metric: 'pixelAccuracy', attacks: [createAttack(choice)] });
      assert.deepEqual(namesOf(without), [], `${name}, beside an image without foreground`);
    }
    const masked = { ...net, logits: (x: tf.Tensor4D) => segmenter.logits(stopGradient(x)) };
    const raised = await evaluated(masked, { metric: 'pixelAccuracy', attacks });
    assert.ok(namesOf(raised).includes('zero-gradients'));
  });

  test('a random net that is measured with draws raises random-output alone', async () => {
    const dropout = tf.layers.dropout({ rate: 0.1 });
    const net = changed((logits) => (x) => logits(dropout.apply(x, { training: true }) as tf.Tensor4D));
    const attacks = [createAttack({ name: 'pgd', steps: 5 })];
    assert.deepEqual(namesOf(await evaluated(net, { attacks, draws: 9 })), ['random-output']);
  });

  test('a lost success is seen at a small epsilon, and no image is taken for another at a large one', async () => {
    const label = (x: tf.Tensor4D) => x.sum([1, 2, 3]).sub(700 * 0.5);
    const logits = (x: tf.Tensor4D) => tf.stack([tf.zerosLike(label(x)), label(x)], 1);
    const images = tf.fill([1, 32, 32, 1], 350.1 / 1024) as tf.Tensor4D;
    const net = { images, labels: tf.tensor1d([1], 'int32'), logits };
    const forgetful = defineAttack({
      defaults: {},
      perturb(given, context) {
        createAttack(pgd).perturb(given, context);
        return given.clone();
      },
    });
    const lost = await evaluated(net, { attacks: [attackOf('forgetful', forgetful, {})], epsilon: 0.0005 });
    assert.match(lost.curves[0]?.flags.join() as string, /silent-success: 1 /);
    const grey = (level: number) => tf.fill([1, 4, 4, 1], level) as tf.Tensor4D;
    const many = {
      images: tf.concat([grey(0.495), grey(0.85), grey(0.3), grey(0.28)]) as tf.Tensor4D,
      labels: tf.tensor1d([0, 1, 0, 0], 'int32'),
      logits: (x: tf.Tensor4D) => {
        const lead = x.mean([1, 2, 3]).sub(0.5).mul(40);
        return tf.stack([tf.zerosLike(lead), lead], 1);
      },
    };
    const { curves } = await evaluated(many, { attacks: [createAttack({ name: 'bim' })], epsilon: 0.3 });
    assert.ok(!curves[0]?.flags.some((flag) => flag.startsWith('silent-success')), `${curves[0]?.flags}`);
  });

  test('the record holds what passed, too, with its figures', async () => {
    const { checks, flags } = await evaluated(scaled(1000));
    assert.deepEqual(flags, []);
    const passed = checks.find(({ name }) => name === 'random-output');
    assert.deepEqual(passed, {
      name: 'random-output',
      number: 12,
      figure: passed?.figure,
      verdict: 'passed',
      value: 0,
      threshold: 1e-4,
    });
    const zero = checks.filter(({ name }) => name === 'zero-gradients');
    assert.deepEqual(
      zero.map(({ attack, verdict }) => [attack, verdict]),
      [
        ['fgsm', 'raised'],
        ['pgd', 'raised'],
        ['gaussianNoise', 'notApplicable'],
      ],
    );
  });
});

describe('defects that diagnose finds', () => {
  test('a gradient cut off: unbounded-survives, square-wins, transfer-wins', () => {
    const raised = raisedBy(subjectOf(cutOff(), {}, { surrogate: classifier }));
    for (const name of ['unbounded-survives', 'square-wins', 'transfer-wins'])
      assert.ok(raised.includes(name), `${name} is not in ${raised}`);
  });

  test('logits multiplied by 1000: many-noises-win', () => {
    assert.ok(raisedBy(subjectOf(scaled(1000))).includes('many-noises-win'));
  });

  test('an attack of one short step: not-converged, and no longer with enough of them', () => {
    const short = { ...pgd, steps: 1, stepSize: 0.1, randomStart: false };
    const { 'not-converged': found } = findingsOf(subjectOf(classifier, {}, { attack: short }));
    assert.equal(found?.verdict, 'raised');
    const enough = { ...short, steps: 20 };
    assert.equal(
      findingsOf(subjectOf(classifier, {}, { attack: enough }))['not-converged']?.verdict,
      'passed',
    );
  });

  test('a gradient that only some starts have: restarts-help', () => {
    const lucky = changed((logits) => (x) => {
      const gate = tf.greater(stopGradient(x).mean([1, 2, 3], true).mul(1e5).sin(), 0).toFloat();
      const fixed = stopGradient(x);
      return logits(fixed.add(x.sub(fixed).mul(gate)) as tf.Tensor4D);
    });
    const attack = { ...pgd, steps: 1, stepSize: 1 };
    assert.equal(findingsOf(subjectOf(lucky, {}, { attack }))['restarts-help']?.verdict, 'raised');
  });

  test('a net that sees nothing: self-test-failed', () => {
    const blind = changed((logits) => (x) => logits(tf.zerosLike(x)));
    const { 'self-test-failed': found } = findingsOf(subjectOf(blind));
    assert.match(found?.verdict === 'raised' ? found.text : '', /a gradient twice as long/);
  });
});

describe('incomplete-record', () => {
  const [check] = recordChecks;
  const recorded = [{ name: 'fgsm' }, { name: 'gaussianNoise' }, pgd] as const;
  const verdictOf = (...record: Parameters<NonNullable<typeof check>['check']>) => check?.check(...record);

  test('is not raised by what an evaluation measures', async () => {
    assert.equal(verdictOf(await evaluated(classifier), recorded)?.verdict, 'passed');
  });

  test('is raised by a missing option, a missing clean metric and a worst case above an attack', async () => {
    const { curves, worst } = await evaluated(classifier);
    const { steps: _, ...unsaid } = pgd;
    const lacking = [
      verdictOf({ curves, worst }, [unsaid]),
      verdictOf(
        { curves: curves.map((curve) => ({ ...curve, points: curve.points.slice(1) })), worst },
        recorded,
      ),
      verdictOf({ curves, worst: { ...worst, points: curves[2]?.points ?? [] } }, recorded),
    ];
    const texts = lacking.map((found) => (found?.verdict === 'raised' ? found.text : ''));
    assert.match(texts[0] ?? '', /^steps of pgd is not recorded\.$/);
    assert.match(texts[1] ?? '', /fgsm has no clean metric beside it/);
    assert.match(texts[2] ?? '', /the worst case is 87.5 points above fgsm at epsilon 0\.03/);
  });
});

test('a net of NaN raises broken-output, and the other checks stand aside', async () => {
  const net = changed((logits) => (x) => logits(x).mul(Number.NaN));
  const curves = await evaluated(net);
  assert.deepEqual(namesOf(curves), ['broken-output']);
  assert.ok(
    curves.checks.some(({ name, verdict }) => name === 'random-output' && verdict === 'notApplicable'),
  );
});

test('the checks of a net with random numbers of their own change nobody else’s', async () => {
  const [a, b] = [await evaluated(classifier), await evaluated(classifier)];
  const values = ({ curves }: typeof a) => curves.map(({ points }) => points.map(({ value }) => value));
  assert.deepEqual(values(a), values(b));
  assert.equal(
    createRandom(1).stream('checks').uniform() === createRandom(1).stream('batch-0').uniform(),
    false,
  );
});

test('a net whose answers are all wrong raises nothing in diagnose: there is nothing left to take', () => {
  const { images, logits, labels } = classifier;
  const others = tf.tidy(() => labels.add(1).mod(5).toInt());
  const wrong = tf.tidy(() => tf.oneHot(others, 5).mul(100));
  const net = {
    images,
    labels,
    logits: (x: tf.Tensor4D) => logits(x).mul(0.01).add(wrong.slice(0, x.shape[0])),
  };
  const found = findingsOf(subjectOf(net));
  for (const name of [
    'unbounded-survives',
    'not-converged',
    'restarts-help',
    'square-wins',
    'many-noises-win',
  ])
    assert.equal(found[name]?.verdict, 'passed', name);
  tf.dispose([others, wrong]);
});

test('bf16 raises nothing by itself', async (context) => {
  try {
    await useEngine('onednn', { precision: 'bf16' });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return context.skip('this machine has no bf16');
  }
  assert.deepEqual(namesOf(await evaluated(classifier)), []);
  await useEngine('auto');
});
