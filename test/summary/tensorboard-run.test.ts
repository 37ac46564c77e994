// What TensorBoard makes of a run that was killed and resumed. Runs where TensorBoard is installed.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { medrobust, tinyFile } from '../e2e/command.ts';
import { temporaryDirectory } from '../train/support.ts';
import { openTensorBoard, skip, type TensorBoard } from './tensorboard.ts';

const root = temporaryDirectory();
let run: string;
let records: { epoch: number; measurements: Record<string, number> }[];

if (!skip) {
  before(async () => {
    const words = ['train', tinyFile, '--directory', root];
    const killed = await medrobust(words, (stdout, child) => {
      if (/^epoch 3\/4/m.test(stdout)) child.kill('SIGKILL');
    });
    assert.equal(killed.signal, 'SIGKILL');
    const resumed = await medrobust([...words, '--resume']);
    assert.equal(resumed.code, 0, resumed.stderr);
    const [name] = readdirSync(join(root, 'tiny'));
    run = `tiny/${name}`;
    assert.equal(readdirSync(join(root, run)).filter((file) => file.startsWith('events.')).length, 2);
    records = readFileSync(join(root, run, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  });
}

for (const loadFast of [false, true]) {
  describe(`a resumed run in TensorBoard with --load_fast=${loadFast}`, { skip }, () => {
    let board: TensorBoard;
    before(async () => {
      const isLoaded = async ({ json }: TensorBoard) =>
        (await json(`scalars/scalars?run=${run}&tag=train/loss`)).at(-1)?.[1] === 4;
      board = await openTensorBoard(root, loadFast, isLoaded);
    });
    after(() => board?.close());
    const check = (name: string, body: () => Promise<void>) =>
      test(name, (t) => (board.refusal === undefined ? body() : t.skip(board.refusal)));
    const tagsOf = async (plugin: string): Promise<string[]> =>
      Object.keys((await board.json(`${plugin}/tags`))[run] ?? {});

    check('every measurement of every epoch is there once, as metrics.jsonl has it', async () => {
      const tags = await tagsOf('scalars');
      for (const tag of new Set(records.flatMap(({ measurements }) => Object.keys(measurements)))) {
        assert.ok(tags.includes(tag), tag);
        const scalars = await board.json(`scalars/scalars?run=${run}&tag=${tag}`);
        assert.deepEqual(
          scalars.map(([, step, value]: number[]) => [step, value]),
          records.flatMap(({ epoch, measurements: { [tag]: value } }) =>
            value === undefined ? [] : [[epoch, Math.fround(value)]],
          ),
          tag,
        );
      }
    });

    check('no step is doubled in histograms, images and precision–recall curves', async () => {
      const rising = (steps: number[], what: string) => {
        assert.ok(steps.length > 0, what);
        assert.deepEqual(
          steps,
          [...new Set(steps)].sort((a, b) => a - b),
          what,
        );
      };
      const histograms = await tagsOf('histograms');
      assert.ok(histograms.some((tag) => tag.startsWith('weights/')));
      assert.ok(histograms.some((tag) => tag.startsWith('gradients/')));
      for (const tag of histograms) {
        const found = await board.json(`histograms/histograms?run=${run}&tag=${encodeURIComponent(tag)}`);
        rising(
          found.map(([, step]: number[]) => step),
          tag,
        );
      }
      const images = await tagsOf('images');
      assert.ok(images.length > 0);
      for (const tag of images) {
        const found = await board.json(`images/images?run=${run}&tag=${encodeURIComponent(tag)}&sample=0`);
        rising(
          found.map(({ step }: { step: number }) => step),
          tag,
        );
      }
      const curves = await tagsOf('pr_curves');
      assert.ok(curves.length > 0);
      for (const tag of curves) {
        const found = await board.json(`pr_curves/pr_curves?run=${run}&tag=${encodeURIComponent(tag)}`);
        rising(
          found[run].map(({ step }: { step: number }) => step),
          tag,
        );
      }
    });

    check('the experiment as text, the net as a graph, the attacks in charts', async () => {
      assert.ok((await board.json('text/tags'))[run].length > 0);
      assert.equal((await board.json('graphs/info'))[run].run_graph, true);
      const { category } = await board.json('custom_scalars/layout');
      const patterns: string[] = category.flatMap(
        ({ chart }: { chart: { multiline: { tag: string[] } }[] }) =>
          chart.flatMap(({ multiline }) => multiline.tag),
      );
      const drawn = await Promise.all(
        patterns.map(async (pattern) => {
          const { tag_to_events } = await board.json(
            `custom_scalars/scalars?run=${run}&tag=${encodeURIComponent(pattern)}`,
          );
          return Object.keys(tag_to_events);
        }),
      );
      for (const tag of ['robustness/pgd/linf/0.0157', 'robustness/worst/linf/0.0314'])
        assert.ok(drawn.flat().includes(tag), tag);
    });

    check('hyperparameters beside robust metrics, one session, ended well', async () => {
      const tag = 'robustness/worst/linf/0.0314';
      const { sessionGroups } = await board.post('hparams/session_groups', {
        experimentName: '',
        allowedStatuses: ['STATUS_UNKNOWN', 'STATUS_SUCCESS', 'STATUS_FAILURE', 'STATUS_RUNNING'],
        colParams: [
          { hparam: 'net.depth', includeInResult: true },
          { metric: { tag }, includeInResult: true },
        ],
        startIndex: 0,
        sliceSize: 10,
      });
      assert.equal(sessionGroups.length, 1);
      const [{ sessions, hparams }] = sessionGroups;
      assert.equal(hparams['net.depth'], 1);
      assert.equal(sessions.length, 1);
      assert.equal(sessions[0].status, 'STATUS_SUCCESS');
      const metric = sessions[0].metricValues.find((one: { name: { tag: string } }) => one.name.tag === tag);
      const last = records.at(-1)?.measurements[tag] as number;
      assert.ok(Math.abs(metric.value - last) < 1e-6, `${metric.value} for ${last}`);
    });
  });
}
