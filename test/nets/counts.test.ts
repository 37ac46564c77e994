// Numbers of weights, of multiply-adds, and shapes at published sizes, against Keras and PyTorch. Nets are built,
// not run, and from zeros: drawing the weights of all would take most of the time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import type { NetChoice } from '../../src/nets/create.ts';
import { describeNet } from '../../src/nets/describe.ts';
import type { NetDefinition } from '../../src/nets/net.ts';
import * as registry from '../../src/nets/registry.ts';
import { type Options, resolveChoice } from '../../src/options.ts';
import { createRandom, type Random } from '../../src/random.ts';
import { loadGolden } from '../golden/load.ts';

interface Row {
  readonly name: string;
  readonly config: {
    readonly depth?: number;
    readonly stem?: 'cifar';
    readonly aux?: boolean;
    readonly bn_scale?: boolean;
    readonly base?: number;
    readonly levels?: number;
    readonly use_bn?: boolean;
  };
  readonly inputShape: [number, number, number];
  readonly classes: number;
  readonly params_total: number;
  readonly params_trainable: number;
  readonly macs: number;
  readonly output_shape: number[] | number[][];
  readonly stage_shapes: Record<string, number[]>;
}

const zeros: Random = {
  ...createRandom(0),
  stream: () => zeros,
  uniforms: (length) => new Float32Array(length),
  normals: (length) => new Float32Array(length),
};

function choiceOf({ name, config }: Row): NetChoice {
  const stem = config.stem === 'cifar' ? 'small' : 'imagenet';
  if (name.startsWith('resnet')) return { name: 'resnet', depth: config.depth!, stem };
  if (name === 'inception_v3') {
    return { name: 'inceptionV3', stem, auxiliaryHead: config.aux!, normScale: config.bn_scale! };
  }
  return {
    name: 'unet',
    depth: config.levels!,
    filters: config.base!,
    norm: config.use_bn ? 'batch' : 'none',
  };
}

/** Our stage for theirs; what lies inside one of ours has none. */
function stageOf(theirs: string): string | undefined {
  if (/^(up|concat)\d$/.test(theirs)) return undefined;
  return theirs
    .replace(/^(conv\d)_.*/, '$1')
    .replace(/^enc(\d)/, 'encoder$1')
    .replace(/^dec(\d)/, 'decoder$1');
}

describe('published sizes of nets', () => {
  const nets: Readonly<Record<string, NetDefinition<Options>>> = registry;
  for (const row of loadGolden<Row[]>('nets/counts')) {
    const title = `${row.name} ${JSON.stringify(row.config)} ${row.inputShape.join('×')} → ${row.classes}`;
    test(title, () => {
      const { definition, options } = resolveChoice('net', nets, choiceOf(row));
      // Not by createNet, which wants two classes: one row has one.
      const shape = { task: definition.task, imageShape: row.inputShape, classes: row.classes };
      const { model } = definition.build(shape, options, zeros);
      const { parameters, multiplyAdds, outputs, stages } = describeNet(model);
      assert.deepEqual(parameters, { total: row.params_total, trainable: row.params_trainable });
      assert.equal(multiplyAdds, row.macs);
      assert.deepEqual(outputs, Array.isArray(row.output_shape[0]) ? row.output_shape : [row.output_shape]);
      const shapes = new Map(stages.map((stage) => [stage.name, stage.shape]));
      for (const [theirs, expected] of Object.entries(row.stage_shapes)) {
        const ours = stageOf(theirs);
        if (ours) assert.deepEqual(shapes.get(ours), expected, theirs);
      }
      model.dispose();
    });
  }

  test('nothing is left of them', () => assert.equal(tf.memory().numTensors, 0));
});
