// `model.fit` of plain tfjs models, watched by our callback.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { adversarialEvaluation } from '../../src/train/callbacks/fit/adversarial-evaluation.ts';
import type { AdversarialEvaluationOptions } from '../../src/train/callbacks/fit/adversarial-options.ts';
import { engines } from '../engine/engines.ts';
import { assertClose } from '../support.ts';
import {
  classifierEndings,
  type Ending,
  imagesOf,
  labelsOf,
  modelEnding,
  segmenterEndings,
} from './fit-support.ts';

const attacks = [{ name: 'fgsm' }, { name: 'pgd', steps: 3 }] as const;
const epsilons = [4 / 255, 16 / 255, 64 / 255];
const softmax = classifierEndings['softmax of a dense layer'] as Ending;

type Options = Partial<AdversarialEvaluationOptions>;

interface Fitted {
  readonly history: Readonly<Record<string, number[]>>;
  readonly weights: readonly Float32Array[];
  readonly said: readonly string[];
}

/** Trains a fresh model of an ending on 24 images, attacked on 12 others. `scale` makes pixels of 0 … 1 / scale. */
async function fit(
  ending: Ending,
  {
    options = {},
    epochs = 2,
    learningRate = 0.01,
    scale = 1,
    watch = true,
    others = [],
  }: {
    options?: Options;
    epochs?: number;
    learningRate?: number;
    scale?: number;
    watch?: boolean;
    others?: tf.CustomCallback[];
  } = {},
): Promise<Fitted> {
  const [train, rest] = [labelsOf(24, ending.classes), labelsOf(12, ending.classes)];
  const scaled = (labels: number[], seed: number) => tf.tidy(() => imagesOf(labels, seed).div(scale));
  const [x, xTest] = [scaled(train, 1), scaled(rest, 2)];
  const [y, yTest] = [ending.labels(train), ending.labels(rest)];
  const model = modelEnding(ending, { learningRate, scale });
  const said: string[] = [];
  const evaluation = adversarialEvaluation({
    ...{ validationData: [xTest, yTest], pixels: [0, 1 / scale], attacks, epsilons, batchSize: 5 },
    log: (line) => said.push(line),
    ...options,
  });
  const { history } = await model.fit(x, y, {
    ...{ epochs, batchSize: 8, shuffle: false, verbose: 0 },
    validationData: [xTest, yTest],
    callbacks: [...(watch ? [evaluation] : []), ...others],
  });
  const weights = model.getWeights().map((weight) => Float32Array.from(weight.dataSync()));
  model.optimizer.dispose();
  model.dispose();
  tf.dispose([x, y, xTest, yTest]);
  return { history: history as Fitted['history'], weights, said };
}

async function leftBy<T>(body: () => Promise<T>): Promise<[left: number, result: T]> {
  const before = tf.memory().numTensors;
  const result = await body();
  return [tf.memory().numTensors - before, result];
}

const last = (values: readonly number[] | undefined) => values?.at(-1) as number;
const curveOf = ({ history }: Fitted, attack: string) =>
  [0, ...epsilons].map((epsilon) => last(history[`robustness/${attack}/linf/${epsilon.toFixed(4)}`]));

for (const engine of engines) {
  describe(`on ${engine.name}`, () => {
    before(() => engine.use());

    for (const [name, ending] of Object.entries({ ...classifierEndings, ...segmenterEndings })) {
      test(`curves of a model that ends in ${name} are in the history of fit`, async () => {
        // What tfjs itself leaves behind, of a model in a model, is not ours.
        const [left, fitted] = await leftBy(() => fit(ending));
        const [leftAlone] = await leftBy(() => fit(ending, { watch: false }));
        assert.equal(left, leftAlone, 'tensors left behind');
        const { history, said } = fitted;
        for (const attack of ['fgsm', 'pgd', 'worst']) {
          const curve = curveOf(fitted, attack);
          for (const value of curve) assert.ok(value >= 0 && value <= 1, `${attack}: ${curve}`);
          assert.deepEqual(
            curve,
            [...curve].sort((a, b) => b - a),
            `${attack} falls`,
          );
          assert.equal(history[`robustness/${attack}/linf/auc`]?.length, 2);
        }
        // Clean, it is what tfjs says; of maps tfjs has no Dice.
        if (name in classifierEndings)
          assertClose([curveOf(fitted, 'pgd')[0] as number], [last(history.val_acc)]);
        assert.ok((curveOf(fitted, 'worst').at(-1) as number) < (curveOf(fitted, 'worst')[0] as number));
        assert.match(said[0] as string, ending.said);
        for (const line of said.slice(1))
          assert.match(line, /^adversarialEvaluation: epoch \d, (fgsm|pgd): [a-z-]+: /);
      });
    }
  });
}

describe('on the engine at hand', () => {
  before(() => useEngine('auto'));

  test('the training is what it would be without the callback', async () => {
    for (const ending of [softmax, segmenterEndings['a map of sigmoids'] as Ending]) {
      const [watched, alone] = [await fit(ending), await fit(ending, { watch: false })];
      assert.deepEqual(watched.weights, alone.weights);
      assert.deepEqual(watched.history.loss, alone.history.loss);
      assert.deepEqual(watched.history.val_loss, alone.history.val_loss);
    }
  });

  test('the same seed measures the same, and epsilons are fractions of the range of pixels', async () => {
    const once = await fit(softmax);
    assert.deepEqual((await fit(softmax)).history, once.history);
    for (const scale of [1 / 255, 1 / 2]) {
      const scaled = await fit(softmax, { scale });
      for (const attack of ['fgsm', 'pgd']) {
        // An image at the edge of a decision may fall to the other side by rounding.
        assertClose(curveOf(scaled, attack), curveOf(once, attack), { absolute: 1.01 / 12 });
      }
    }
  });

  test('later callbacks see the figures, and early stopping stops by them', async () => {
    const seen: string[][] = [];
    const spy = new tf.CustomCallback({
      onEpochEnd: async (_epoch, logs) => {
        seen.push(Object.keys(logs ?? {}));
      },
    });
    const monitor = 'robustness/worst/linf/auc';
    // Nothing improves by more than 1.
    const stop = tf.callbacks.earlyStopping({ monitor, mode: 'max', minDelta: 1, patience: 2 });
    const { history } = await fit(softmax, {
      epochs: 9,
      options: { attacks: [{ name: 'fgsm' }] },
      others: [spy, stop as unknown as tf.CustomCallback],
    });
    assert.equal(history[monitor]?.length, 3);
    assert.ok(seen.every((names) => names.includes(monitor)));
  });

  test('everyEpochs leaves epochs out, but not the last', async () => {
    const { history } = await fit(softmax, {
      epochs: 5,
      options: { everyEpochs: 2, attacks: [{ name: 'fgsm' }] },
    });
    assert.equal(history['robustness/fgsm/linf/auc']?.length, 3);
    assert.equal(history.loss?.length, 5);
  });

  test('fitDataset has the figures too', async () => {
    const labels = labelsOf(12, 3);
    const data: [tf.Tensor, tf.Tensor] = [imagesOf(labels), softmax.labels(labels)];
    const model = modelEnding(softmax);
    const [xs, ys] = data.map((part) => tf.data.array(part.arraySync() as number[][]));
    const batches = tf.data.zip({ xs: xs!, ys: ys! }).batch(4) as unknown as tf.data.Dataset<never>;
    const { history } = await model.fitDataset(batches, {
      ...{ epochs: 1, verbose: 0 },
      callbacks: [
        adversarialEvaluation({ validationData: data, attacks: [{ name: 'fgsm' }], log: () => {} }),
      ],
    });
    assert.equal(history['robustness/worst/linf/auc']?.length, 1);
    model.dispose();
    tf.dispose(data);
  });

  test('probabilities that the last layer does not make are told by their values, and flagged', async () => {
    const reshaped: Ending = {
      ...softmax,
      layers: () => [...softmax.layers(), tf.layers.reshape({ targetShape: [3] })],
    };
    const [found, before] = [await fit(reshaped), await fit(softmax)];
    assert.match(found.said[0] as string, /are taken for probabilities after a softmax, by their values/);
    assert.match(found.said[1] as string, /^adversarialEvaluation: logits-out-of-reach: /);
    assertClose(curveOf(found, 'pgd'), curveOf(before, 'pgd'), { absolute: 1.01 / 12 });
  });

  test('what is asked for decides, and is said', async () => {
    const asLogits = await fit(softmax, { options: { outputs: 'logits' } });
    assert.match(asLogits.said[0] as string, /are taken for logits, as asked\.$/);
    assert.match(asLogits.said[1] as string, /outputs-not-logits: .* applies a softmax/);
  });

  test('what may be wrong with the outputs is explained in docs/sanity-checks.md', () => {
    const source = readFileSync(new URL('../../src/robustness/found-outputs.ts', import.meta.url), 'utf8');
    const docs = readFileSync(new URL('../../docs/sanity-checks.md', import.meta.url), 'utf8');
    const names = [...source.matchAll(/flag: `([a-z-]+):/g)].map(([, name]) => name as string);
    assert.equal(names.length, 2);
    for (const name of names) assert.match(docs, new RegExp(`^## ${name}$`, 'm'), name);
  });

  test('a range that the pixels do not fill is warned of', async () => {
    const { said } = await fit(softmax, { options: { pixels: [0, 255] } });
    assert.match(
      said.join('\n'),
      /pixels are said to be from 0 to 255, but are from .*check the option pixels/,
    );
  });

  describe('refuses, before anything is trained,', () => {
    const labels = labelsOf(12, 3);
    const wrong: Record<string, [Ending, (data: [tf.Tensor, tf.Tensor]) => Options, RegExp]> = {
      'pixels out of their range': [
        softmax,
        ([x, y]) => ({ validationData: [x.mul(255), y] }),
        /expected pixels from 0 to 1, received values from .*Set the option pixels/,
      ],
      'pixels that are NaN': [
        softmax,
        ([x, y]) => ({ validationData: [x.mul(Number.NaN), y] }),
        /received values from NaN to NaN/,
      ],
      'images of another shape': [
        softmax,
        ([x, y]) => ({ validationData: [x.slice([0, 0], [12, 4]), y] }),
        /images \[n,4,8,1\], but the model takes \[n,8,8,1\]/,
      ],
      'images without an axis of channels': [
        softmax,
        ([x, y]) => ({ validationData: [x.squeeze([3]), y] }),
        /expected images \[n, height, width, channels\]/,
      ],
      'one-hot labels of other classes': [
        softmax,
        ([x]) => ({ validationData: [x, tf.oneHot(labels, 4)] }),
        /one-hot labels of 3 classes, received 4 columns/,
      ],
      'several labels for one image': [
        softmax,
        ([x]) => ({ validationData: [x, tf.ones([12, 3])] }),
        /Several labels for one image/,
      ],
      'labels that are no class': [
        softmax,
        ([x]) => ({ validationData: [x, tf.fill([12], 3)] }),
        /expected labels from 0 to 2, received 3/,
      ],
      'labels of other images': [
        softmax,
        ([x]) => ({ validationData: [x, tf.ones([11])] }),
        /expected labels \[12\] or \[12,classes\], received \[11\]/,
      ],
      'an attack for maps on a classifier': [
        softmax,
        () => ({ attacks: [{ name: 'segPgd' }] }),
        /segPgd is for segmentation/,
      ],
      'a metric of maps for a classifier': [softmax, () => ({ metric: 'dice' }), /dice is for segmentation/],
      'a metric without curves': [softmax, () => ({ metric: 'auroc' }), /auroc has no robustness curve/],
      'a sigmoid that is none': [
        softmax,
        () => ({ outputs: 'sigmoid' }),
        /Outputs after a sigmoid: expected one value/,
      ],
    };
    for (const [name, [ending, options, message]] of Object.entries(wrong)) {
      test(name, async () => {
        tf.engine().startScope();
        const data: [tf.Tensor, tf.Tensor] = [imagesOf(labels), ending.labels(labels)];
        const before = modelEnding(ending);
        const weights = before.getWeights().map((weight) => weight.dataSync());
        await assert.rejects(
          before.fit(data[0], data[1], {
            verbose: 0,
            callbacks: [
              adversarialEvaluation({ validationData: data, attacks, log: () => {}, ...options(data) }),
            ],
          }),
          { name: 'UsageError', message },
        );
        assert.deepEqual(
          before.getWeights().map((weight) => weight.dataSync()),
          weights,
        );
        tf.engine().endScope();
      });
    }
  });

  test('refuses options that are wrong by themselves', () => {
    const validationData = [tf.zeros([1, 8, 8, 1]), tf.zeros([1])] as const;
    const wrong: [object, RegExp][] = [
      [{ epsilon: 0.1 }, /has no option "epsilon". Its options: validationData, /],
      [{ validationData: undefined }, /needs validationData/],
      [{ pixels: [255, 0] }, /Option "pixels" of adversarialEvaluation: expected \[black, white\]/],
      [{ pixels: 255 }, /Option "pixels".* received 255/],
      [{ outputs: 'relu' }, /Option "outputs"/],
      [{ norm: 'l3' }, /Option "norm"/],
      [{ epsilons: [8] }, /epsilons of adversarialEvaluation: expected numbers in \[0, 1\]/],
      [{ images: 0 }, /Option "images"/],
      [{ attacks: [] }, /Option "attacks"/],
      [{ attacks: { name: 'fgsm' } }, /Option "attacks"/],
      [{ attacks: ['fgsm'] }, /attacks of adversarialEvaluation: expected \{ name/],
      [{ metric: 'precison' }, /There is no metric/],
      [{ seed: 'one' }, /Option "seed"/],
      [{ log: 3 }, /Option "log"/],
      [{ attacks: [{ name: 'pgd', step: 2 }] }, /pgd has no option "step"/],
      [{ loss: 'crossentropy' }, /There is no loss/],
    ];
    for (const [options, message] of wrong) {
      const given = { validationData, ...options } as unknown as AdversarialEvaluationOptions;
      assert.throws(() => adversarialEvaluation(given), { name: 'UsageError', message });
    }
    tf.dispose([...validationData]);
  });
});
