/**
 * What attacks on classifiers cost in time and memory, each in this process, on a ResNet-18 trained for nothing: the
 * arithmetic is that of a trained one.
 *
 *   node --import tsx bench/attacks.ts deepFool [images] [side]   a whole curve; by default 256 images at 64 × 64
 *   node --import tsx bench/attacks.ts jsma [images] [side]       a whole curve; by default 1 image at 224 × 224
 *
 * Prints one JSON object: seconds, gradients and forward passes an image, and the peak of the process's memory. JSMA
 * runs with gamma 0.002, 151 pairs of values, all of which an image that holds out takes.
 */
import * as tf from '@tensorflow/tfjs';
import { nearestOf, shorten } from '../src/attacks/craft.ts';
import { createAttack } from '../src/attacks/create.ts';
import { gradientLog } from '../src/attacks/watch.ts';
import { useEngine } from '../src/engine/engine.ts';
import { lossOf } from '../src/losses/create.ts';
import { createNet } from '../src/nets/create.ts';
import { createRandom } from '../src/random.ts';
import { inference } from '../src/robustness/target.ts';

const settings = {
  deepFool: {
    choice: { name: 'deepFool' },
    norm: 'l2',
    epsilons: [0.1, 0.2, 0.5, 1, 2, 4],
    images: 256,
    side: 64,
  },
  jsma: {
    choice: { name: 'jsma', gamma: 0.002, targets: 1 },
    norm: 'l0',
    epsilons: [10, 30, 100, 300],
    images: 1,
    side: 224,
  },
} as const;

const [name = '', count, size] = process.argv.slice(2);
if (!Object.hasOwn(settings, name)) {
  console.error(`Expected one of ${Object.keys(settings).join(', ')}; see the head of bench/attacks.ts.`);
  process.exit(2);
}
const {
  choice,
  norm,
  epsilons,
  images: byDefault,
  side: sideByDefault,
} = settings[name as keyof typeof settings];
const [images, side] = [Number(count ?? byDefault), Number(size ?? sideByDefault)];
const BATCH = Math.min(images, 32);

const { name: engine } = await useEngine('auto');
const random = createRandom(1);
const shape = { task: 'classification', imageShape: [side, side, 3], classes: 10 } as const;
using net = inference(createNet({ name: 'resnet', depth: 18 }, shape, random.stream('net')).model);
const log = gradientLog();
const attack = createAttack(choice);
const started = performance.now();
let fooled = 0;
for (let from = 0; from < images; from += BATCH) {
  tf.tidy(() => {
    const batch = Math.min(BATCH, images - from);
    const clean = tf.tensor4d(random.uniforms(batch * side * side * 3, 0, 1), [batch, side, side, 3]);
    // What the net takes each image for is its label: all are right, clean.
    const labels = net.logits(clean).argMax(-1).toInt();
    const target = { logits: net.logits, labels, loss: lossOf('crossEntropy') };
    const nearest = nearestOf(attack, clean, target, norm, random, log);
    for (const epsilon of epsilons) {
      const moved = shorten(nearest, clean, { norm, epsilon });
      const wrong = net.logits(moved).argMax(-1).notEqual(labels).sum().dataSync()[0] as number;
      if (epsilon === epsilons.at(-1)) fooled += wrong;
      log.forwards += batch;
    }
  });
}
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    attack: choice,
    engine,
    norm,
    images,
    side,
    batch: BATCH,
    seconds: Number(seconds.toFixed(1)),
    secondsPerBatch: Number(((seconds * BATCH) / images).toFixed(2)),
    gradientsPerImage: Number((log.gradients / images).toFixed(1)),
    forwardsPerImage: Number((log.forwards / images).toFixed(1)),
    fooledAtLast: fooled,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);
