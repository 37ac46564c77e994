// What TensorBoard itself makes of our files. Runs where TensorBoard is installed.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { thresholdTally } from '../../src/summary/threshold-counts.ts';
import { summaryFileWriter } from '../../src/summary/writer.ts';
import { openTensorBoard, skip, type TensorBoard } from './tensorboard.ts';

const tags = ['robustness/fgsm/linf/0.0157', 'robustness/fgsm/linf/0.0314'];

async function picture(colour: string): Promise<Buffer> {
  const create = { width: 16, height: 8, channels: 3, background: colour } as const;
  return sharp({ create }).png().toBuffer();
}

/** Two sessions, the second resumed from step 3. */
async function writeSessions(directory: string): Promise<void> {
  for (const [first, last] of [
    [1, 5],
    [3, 6],
  ] as const) {
    const writer = summaryFileWriter(directory);
    writer.customScalars([
      { title: 'robustness', charts: [{ title: 'fgsm', tags: ['robustness/fgsm/linf/'] }] },
    ]);
    writer.text('experiment', '**bold** ε', 0);
    writer.hparams({ 'net.name': 'unet', 'optimizer.learningRate': 0.5, residual: true });
    writer.graph([
      { name: 'images', operation: 'InputLayer', inputs: [], shape: [null, 8, 8, 3], attributes: {} },
      {
        ...{ name: 'stage1/conv', operation: 'Conv2D', inputs: ['images'] },
        ...{ shape: [null, 8, 8, 16], attributes: { parameters: 448 } },
      },
    ]);
    const tally = thresholdTally(5);
    for (const [i, probability] of [0.1, 0.2, 0.4, 0.6, 0.9].entries()) tally.add(probability, i > 2);
    for (let step = first; step <= last; step++) {
      writer.scalar('train/loss', first + step / 100, step, 'mean over *batches*');
      for (const tag of tags) writer.scalar(tag, 1 / step, step);
      writer.histogram('weights', [-1, 0, 1, step], step, 4);
      writer.prCurve('validation/pr/lesion', tally.counts(), step);
      writer.image('pair', [await picture('#c00000'), await picture('#0000c0')], step);
    }
    if (last === 6) writer.endOfSession('success');
    writer.close();
  }
}

for (const loadFast of [false, true]) {
  describe(`TensorBoard with --load_fast=${loadFast}`, { skip }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'medrobust-tensorboard-'));
    let board: TensorBoard;
    const check = (name: string, body: () => Promise<void>) =>
      test(name, (t) => (board.refusal === undefined ? body() : t.skip(board.refusal)));
    const json: TensorBoard['json'] = (path) => board.json(path);

    before(async () => {
      await writeSessions(join(directory, 'run'));
      board = await openTensorBoard(
        directory,
        loadFast,
        async ({ json }) => (await json('scalars/scalars?run=run&tag=train/loss')).at(-1)?.[1] === 6,
      );
    });
    after(() => {
      board?.close();
      rmSync(directory, { recursive: true });
    });

    check('a resumed session replaces the steps it repeats', async () => {
      const scalars = await json('scalars/scalars?run=run&tag=train/loss');
      const shown = scalars.map(([, step, value]: number[]) => [step, Math.fround(value as number)]);
      const expected = [1.01, 1.02, 3.03, 3.04, 3.05, 3.06].map((value, i) => [i + 1, Math.fround(value)]);
      assert.deepEqual(shown, expected);
      const { description } = (await json('scalars/tags')).run['train/loss'];
      assert.match(description, /<em>batches<\/em>/);
    });

    check('histograms have their buckets', async () => {
      const histograms = await json('histograms/histograms?run=run&tag=weights');
      assert.deepEqual(
        histograms.map(([, step]: number[]) => step),
        [1, 2, 3, 4, 5, 6],
      );
      assert.deepEqual(histograms[1][2], [
        [-1, -0.25, 1],
        [-0.25, 0.5, 1],
        [0.5, 1.25, 1],
        [1.25, 2, 1],
      ]);
    });

    check('images come back as they were given', async () => {
      for (const [sample, colour] of ['#c00000', '#0000c0'].entries()) {
        const images = await json(`images/images?run=run&tag=pair&sample=${sample}`);
        assert.equal(images.length, 6);
        const bytes = await (
          await board.plugin(`images/individualImage?${images.at(-1).query}`)
        ).arrayBuffer();
        assert.deepEqual(Buffer.from(bytes), await picture(colour));
      }
    });

    check('texts are markdown', async () => {
      const texts = await json('text/text?run=run&tag=experiment');
      assert.match(texts[0].text, /<strong>bold<\/strong> ε/);
      assert.equal(texts[0].step, 0);
    });

    check('precision–recall curves of every step', async () => {
      const curves = (await json('pr_curves/pr_curves?run=run&tag=validation/pr/lesion')).run;
      assert.deepEqual(
        curves.map(({ step }: { step: number }) => step),
        [1, 2, 3, 4, 5, 6],
      );
      const { precision, recall, true_positives: hits } = curves.at(-1);
      assert.deepEqual([hits[0], recall[0], precision[0]], [2, 1, 2 / 5]);
      assert.deepEqual([hits[2], recall[2], precision[2]], [2, 1, 1]);
    });

    check('the graph of the net', async () => {
      assert.equal((await json('graphs/info')).run.run_graph, true);
      const graph = await (await board.plugin('graphs/graph?run=run')).text();
      assert.match(graph, /name: "stage1\/conv"\s+op: "Conv2D"\s+input: "images"/);
      assert.match(graph, /key: "parameters"\s+value \{\s+i: 448/);
      assert.match(graph, /size: -1\s+\}\s+dim \{\s+size: 8/);
    });

    check('hyperparameters beside the last scalars', async () => {
      const experiment = await board.post('hparams/experiment', { experimentName: '' });
      const names = experiment.hparamInfos.map(({ name }: { name: string }) => name).sort();
      assert.deepEqual(names, ['net.name', 'optimizer.learningRate', 'residual']);
      const { sessionGroups } = await board.post('hparams/session_groups', {
        experimentName: '',
        allowedStatuses: ['STATUS_UNKNOWN', 'STATUS_SUCCESS', 'STATUS_FAILURE', 'STATUS_RUNNING'],
        colParams: [
          ...names.map((hparam: string) => ({ hparam, includeInResult: true })),
          { metric: { tag: 'robustness/fgsm/linf/0.0157' }, includeInResult: true },
        ],
        startIndex: 0,
        sliceSize: 10,
      });
      const [{ hparams, sessions }] = sessionGroups;
      assert.deepEqual(hparams, { 'net.name': 'unet', 'optimizer.learningRate': 0.5, residual: true });
      assert.equal(sessions[0].status, 'STATUS_SUCCESS');
      const [metric] = sessions[0].metricValues.filter(
        ({ name }: { name: { tag: string } }) => name.tag === 'robustness/fgsm/linf/0.0157',
      );
      assert.ok(Math.abs(metric.value - 1 / 6) < 1e-6);
    });

    check('the layout draws the epsilons of an attack in one chart', async () => {
      const layout = await json('custom_scalars/layout');
      const [category] = layout.category;
      assert.equal(category.title, 'robustness');
      assert.equal(category.chart[0].title, 'fgsm');
      const [pattern] = category.chart[0].multiline.tag;
      const drawn = await json(`custom_scalars/scalars?run=run&tag=${encodeURIComponent(pattern)}`);
      assert.deepEqual(Object.keys(drawn.tag_to_events).sort(), tags);
      assert.equal(drawn.tag_to_events[tags[0] as string].length, 6);
    });
  });
}
