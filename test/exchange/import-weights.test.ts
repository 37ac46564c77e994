import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { useEngine } from '../../src/engine/engine.ts';
import { exportWeights } from '../../src/exchange/export-weights.ts';
import { importWeights } from '../../src/exchange/import-weights.ts';
import { formatLayersModel, readModelWeights } from '../../src/exchange/layers-model.ts';
import { formatSafetensors, parseSafetensors } from '../../src/exchange/safetensors.ts';
import { float32Tensor, toFloat32, type Values } from '../../src/exchange/tensors.ts';
import { createNet, type NetChoice } from '../../src/nets/create.ts';
import type { Net } from '../../src/nets/net.ts';
import { createRandom } from '../../src/random.ts';
import { relativeToMaximum } from '../support.ts';
import { runTorch, type TorchNet, tensorOf } from './torch.ts';

interface Case extends TorchNet {
  readonly choice: NetChoice;
  readonly shape: readonly [number, number, number, number];
}

const cases: readonly Case[] = [
  {
    library: 'torchvision',
    name: 'resnet18',
    arguments: { num_classes: 5 },
    pixels: 'imagenet',
    choice: { name: 'resnet', pixels: 'imagenet' },
    shape: [2, 40, 48, 3],
  },
  {
    library: 'timm',
    name: 'seresnext50_32x4d',
    arguments: { num_classes: 5, layers: [1, 1, 1, 1] },
    choice: { name: 'resnet', preset: 'seResnext50', stageDepths: [1, 1, 1, 1] },
    shape: [1, 40, 48, 3],
  },
  {
    library: 'torchvision',
    name: 'inception_v3',
    arguments: { num_classes: 5, aux_logits: true, init_weights: false },
    choice: { name: 'inceptionV3', preset: 'torchvision', auxiliaryHead: true },
    shape: [1, 299, 299, 3],
  },
  {
    library: 'timm',
    name: 'inception_v4',
    arguments: { num_classes: 5 },
    choice: { name: 'inceptionV4', preset: 'timm' },
    shape: [1, 80, 75, 3],
  },
  {
    library: 'torchvision',
    name: 'mobilenet_v2',
    arguments: { num_classes: 5, width_mult: 0.5 },
    choice: { name: 'mobilenetV2', width: 0.5, padding: 'symmetric', normEpsilon: 1e-5 },
    shape: [2, 40, 47, 3],
  },
  {
    library: 'timm',
    name: 'mobilenetv2_050',
    arguments: { num_classes: 5 },
    choice: { name: 'mobilenetV2', width: 0.5, padding: 'symmetric', normEpsilon: 1e-5 },
    shape: [2, 40, 47, 3],
  },
  {
    library: 'timm',
    name: 'densenet121',
    arguments: { num_classes: 5, growth_rate: 8 },
    choice: { name: 'densenet', growth: 8, stemFilters: 16 },
    shape: [2, 40, 48, 3],
  },
];

function netFor(choice: NetChoice, imageShape: readonly number[], classes: number): Net {
  const shape = {
    task: 'classification',
    imageShape: imageShape as [number, number, number],
    classes,
  } as const;
  return createNet(choice, shape, createRandom(3));
}

function logitsOf({ model }: Net, images: Values): Float32Array {
  return tf.tidy(() => {
    const x = tf.tensor(images.values, images.shape as number[]);
    return ([model.predict(x)].flat()[0] as tf.Tensor).dataSync<'float32'>();
  });
}

const directory = mkdtempSync(join(tmpdir(), 'medrobust-import-'));
after(() => rmSync(directory, { recursive: true }));

const golden = fileURLToPath(new URL('../golden/exchange/resnet.safetensors', import.meta.url));
const goldenNumbers = golden.replace('.safetensors', '.io.safetensors');
const tiny = { name: 'resnet', depth: 18, filters: 2 } as const;

describe('a state dict of PyTorch', () => {
  before(() => useEngine('auto'));

  test('our logits are theirs', async () => {
    const net = netFor(tiny, [24, 28, 3], 3);
    const report = await importWeights(net, golden);
    assert.deepEqual([report.missing, report.unused, report.reshaped], [[], [], []]);
    assert.equal(report.loaded, net.model.weights.length);
    assertExports(net, golden, 'torchvision');
    assert.match(report.notes.join(), /pixels: 'imagenet', the net has 'centred'/);
    const ours = logitsOf(net, tensorOf(goldenNumbers, 'images'));
    const difference = relativeToMaximum(ours, tensorOf(goldenNumbers, 'logits.centred').values);
    assert.ok(difference < 1e-4, `differs by ${difference} of the largest logit`);
    net.model.dispose();
  });

  test('our logits are theirs with pixels normalised as ImageNet’s', async () => {
    const net = netFor({ ...tiny, pixels: 'imagenet' }, [24, 28, 3], 3);
    assert.deepEqual((await importWeights(net, golden)).notes, []);
    const ours = logitsOf(net, tensorOf(goldenNumbers, 'images'));
    const difference = relativeToMaximum(ours, tensorOf(goldenNumbers, 'logits.imagenet').values);
    assert.ok(difference < 1e-4, `differs by ${difference} of the largest logit`);
    net.model.dispose();
  });

  test('weights are exported by our names, and read again', async () => {
    const [from, to] = [netFor(tiny, [24, 28, 3], 3), netFor(tiny, [24, 28, 3], 3)];
    await importWeights(from, golden);
    const file = join(directory, 'ours.safetensors');
    writeFileSync(file, exportWeights(from.model));
    const report = await importWeights(to, file);
    assert.equal(report.names, 'medrobust');
    assert.equal(report.loaded, to.model.weights.length);
    assert.deepEqual(report.notes, []);
    assert.deepEqual(weightOf(to, 'layer4.1.conv2/kernel'), weightOf(from, 'layer4.1.conv2/kernel'));
    const unknown = { name: 'UsageError', message: /no names "keras" for resnet.*torchvision/ };
    assert.throws(() => exportWeights(from.model, 'keras'), unknown);
    for (const { model } of [from, to]) model.dispose();
  });

  test('other classes keep the first weights of the last layer', async () => {
    const net = netFor(tiny, [24, 28, 3], 4);
    const before = weightOf(net, 'fc/kernel');
    const { reshaped, loaded, missing } = await importWeights(net, golden);
    assert.deepEqual(weightOf(net, 'fc/kernel'), before);
    const how = 'other classes: keeps its initial values';
    assert.deepEqual(reshaped, [
      { weight: 'fc/kernel', from: [16, 3], to: [16, 4], how },
      { weight: 'fc/bias', from: [3], to: [4], how },
    ]);
    assert.equal(loaded, net.model.weights.length - 2);
    assert.deepEqual(missing, []);
    net.model.dispose();
  });

  test('one channel, and the three colours that are equal, come to the same', async () => {
    const [colour, grey] = [netFor(tiny, [24, 28, 3], 3), netFor(tiny, [24, 28, 1], 3)];
    await importWeights(colour, golden);
    const { reshaped } = await importWeights(grey, golden);
    const how = 'the sum over 3 channels';
    assert.deepEqual(reshaped, [{ weight: 'conv1/kernel', from: [7, 7, 3, 2], to: [7, 7, 1, 2], how }]);
    const { values } = tensorOf(goldenNumbers, 'images');
    const one = { shape: [2, 24, 28, 1], values: values.slice(0, 2 * 24 * 28) };
    const three = { shape: [2, 24, 28, 3], values: values.map((_, i) => one.values[Math.floor(i / 3)]!) };
    assert.ok(relativeToMaximum(logitsOf(grey, one), logitsOf(colour, three)) < 1e-5);
    for (const { model } of [colour, grey]) model.dispose();
  });

  test('four channels are the three in turn, made smaller', async () => {
    const [three, four] = [netFor(tiny, [24, 28, 3], 3), netFor(tiny, [24, 28, 4], 3)];
    await importWeights(three, golden);
    const { reshaped } = await importWeights(four, golden);
    assert.match(reshaped[0]!.how, /in turn, × 3\/4/);
    const [from, to] = [weightOf(three, 'conv1/kernel'), weightOf(four, 'conv1/kernel')];
    for (const [i, value] of to.entries()) {
      const [pixel, channel, filter] = [Math.floor(i / 8), Math.floor(i / 2) % 4, i % 2];
      assert.equal(value, Math.fround(0.75 * from[pixel * 6 + (channel % 3) * 2 + filter]!));
    }
    for (const { model } of [three, four]) model.dispose();
  });

  test('what is missing and what is unused is said', async () => {
    const tensors = new Map(parseSafetensors(readFileSync(golden), golden).tensors);
    tensors.delete('layer4.1.bn2.running_mean');
    tensors.set('extra.weight', float32Tensor([1], new Float32Array(1)));
    const file = join(directory, 'changed.safetensors');
    writeFileSync(file, formatSafetensors(tensors));
    const net = netFor(tiny, [24, 28, 3], 3);
    const { missing, unused, loaded } = await importWeights(net, file);
    assert.deepEqual(missing, ['layer4.1.conv2.norm/moving_mean']);
    assert.deepEqual(unused, ['extra.weight']);
    assert.equal(loaded, net.model.weights.length - 1);
    net.model.dispose();
  });

  test('another size is refused, and the net is as it was', async () => {
    const wide = netFor({ ...tiny, filters: 4 }, [24, 28, 3], 3);
    const before = weightOf(wide, 'conv1/kernel');
    await assert.rejects(importWeights(wide, golden), {
      name: 'UsageError',
      message:
        /conv1\.weight has the shape \[7, 7, 3, 2\] in our layout, conv1\/kernel of resnet has \[7, 7, 3, 4\]/,
    });
    assert.deepEqual(weightOf(wide, 'conv1/kernel'), before);
    wide.model.dispose();
  });

  test('a layers model is read by the names of its layers', async () => {
    const [from, to] = [netFor(tiny, [24, 28, 3], 3), netFor(tiny, [24, 28, 1], 4)];
    await importWeights(from, golden);
    const { model, weights } = await formatLayersModel(from.model);
    writeFileSync(join(directory, 'model.json'), model);
    writeFileSync(join(directory, 'weights.bin'), weights);
    const report = await importWeights(to, join(directory, 'model.json'));
    assert.equal(report.names, 'medrobust');
    assert.deepEqual([report.missing, report.unused, report.notes], [[], [], []]);
    assert.deepEqual(
      report.reshaped.map(({ weight }) => weight),
      ['conv1/kernel', 'fc/kernel', 'fc/bias'],
    );
    assert.deepEqual(weightOf(to, 'layer4.1.conv2/kernel'), weightOf(from, 'layer4.1.conv2/kernel'));
    for (const { model } of [from, to]) model.dispose();
  });

  test('weights outside of the folder of a model.json are not read', async () => {
    const file = join(directory, 'outside', 'model.json');
    mkdirSync(dirname(file));
    writeFileSync(join(directory, 'secret.bin'), new Float32Array(2));
    const weights = [{ name: 'a/b', shape: [2], dtype: 'float32' }];
    for (const path of ['../secret.bin', join(directory, 'secret.bin'), 'x/../../secret.bin']) {
      writeFileSync(
        file,
        JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: [path], weights }] }),
      );
      await assert.rejects(readModelWeights(file), { name: 'UsageError', message: /in its own folder/ });
    }
  });

  test('a depthwise filter with other axes is refused', async () => {
    const net = netFor({ name: 'mobilenetV2', width: 0.1 }, [32, 32, 3], 2);
    const file = join(directory, 'flat.safetensors');
    writeFileSync(
      file,
      formatSafetensors(new Map([['features.1.conv.0.0.weight', float32Tensor([8], new Float32Array(8))]])),
    );
    await assert.rejects(importWeights(net, file), {
      name: 'UsageError',
      message: /\[8\], expected one of 4 axes/,
    });
    net.model.dispose();
  });

  test('names for the published depths are not given to a net of others', async () => {
    const sizes = { width: 0.05, imageShape: [75, 75, 3] };
    for (const [name, depths, names, reason] of [
      ['mobilenetV2', [1, 3, 3, 4, 3, 3, 1], 'torchvision', /for several weights/],
      ['inceptionV4', [6, 1, 1], 'timm', /for several weights/],
      ['inceptionV3', [3, 5, 2], 'torchvision', /of other depths than the published/],
      ['inceptionV3', [1, 1, 1], 'timm', /of other depths than the published/],
    ] as const) {
      const { imageShape, ...width } = sizes;
      const net = netFor({ name, ...width, stageDepths: depths } as NetChoice, imageShape, 2);
      assert.throws(() => exportWeights(net.model, names), { name: 'UsageError', message: reason });
      assert.ok(exportWeights(net.model).length > 0);
      net.model.dispose();
    }
    // Two of its weights would be one of the file.
    const published = netFor({ name: 'mobilenetV2', width: 0.05 }, [32, 32, 3], 2);
    const file = join(directory, 'published.safetensors');
    writeFileSync(file, exportWeights(published.model, 'torchvision'));
    const deeper = netFor(
      { name: 'mobilenetV2', width: 0.05, stageDepths: [1, 3, 3, 4, 3, 3, 1] },
      [32, 32, 3],
      2,
    );
    await assert.rejects(importWeights(deeper, file), {
      name: 'UsageError',
      message: /has no weights for mobilenetV2/,
    });
    for (const { model } of [published, deeper]) model.dispose();
  });

  test('a file for another net is refused', async () => {
    const unet = createNet({ name: 'unet', depth: 1, filters: 2 }, segmentation, createRandom(1));
    await assert.rejects(importWeights(unet, golden), {
      name: 'UsageError',
      message: /has no weights for unet/,
    });
    await assert.rejects(importWeights(unet, 'weights.pth'), { message: /save_file\(model\.state_dict\(\)/ });
    await assert.rejects(importWeights(unet, 'absent.safetensors'), { message: /There is no file absent/ });
    unet.model.dispose();
  });
});

/** What is exported in their names is what was imported, bit by bit. */
function assertExports({ model }: Net, file: string, names: string): void {
  const exported = parseSafetensors(exportWeights(model, names), 'exported').tensors;
  const imported = parseSafetensors(readFileSync(file), file).tensors;
  const counted = [...imported.keys()].filter((name) => !name.endsWith('.num_batches_tracked'));
  assert.deepEqual([...exported.keys()].sort(), counted.sort());
  for (const [name, { shape, bytes }] of exported) {
    const original = imported.get(name)!;
    assert.deepEqual(shape, original.shape, name);
    const values = toFloat32(name, original);
    assert.ok(Buffer.from(values.buffer).equals(bytes), name);
  }
}

const segmentation = { task: 'segmentation', imageShape: [8, 8, 1], classes: 2 } as const;

function weightOf({ model }: Net, name: string): number[] {
  const weight = model.weights.find(({ originalName }) => originalName === name)!;
  return Array.from(weight.read().dataSync());
}

const fileOf = ({ library, name }: Case) => join(directory, `${library}-${name}.safetensors`);
const lacking = runTorch(cases.map((one) => ({ ...one, file: fileOf(one) })));

describe('weights of torchvision and timm', { skip: lacking ?? false }, () => {
  before(() => useEngine('auto'));

  for (const one of cases) {
    test(`${one.library} ${one.name}: our logits are theirs`, async () => {
      const file = fileOf(one);
      const net = netFor(one.choice, one.shape.slice(1), 5);
      const report = await importWeights(net, file);
      assert.deepEqual([report.missing, report.unused, report.reshaped], [[], [], []]);
      assertExports(net, file, one.library);
      const images = tensorOf(`${file}.io.safetensors`, 'images');
      const logits = tensorOf(`${file}.io.safetensors`, 'logits');
      const difference = relativeToMaximum(logitsOf(net, images), logits.values);
      assert.ok(difference < 1e-4, `differs by ${difference} of the largest logit`);
      net.model.dispose();
    });
  }
});
