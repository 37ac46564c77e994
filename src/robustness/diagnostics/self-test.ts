import * as tf from '@tensorflow/tfjs';
import { stopGradient } from '../../engine/ops/stop-gradient.ts';
import { lossOf } from '../../losses/create.ts';
import type { Random } from '../../random.ts';
import type { Classifier } from '../target.ts';
import { batchDependent } from './batch-dependent.ts';
import { type AttackCheck, type BatchCheck, compare, type Probe } from './diagnostic.ts';
import { firstOf, slopesOf, tidied } from './probing.ts';
import { randomOutput } from './random-output.ts';
import { softmaxOutput } from './softmax-output.ts';
import { wrongGradients } from './wrong-gradients.ts';

type Logits = Classifier['logits'];

const raises = (check: BatchCheck) => (probe: Probe) =>
  tidied(() => check.check({ ...probe, loss: lossOf('margin') })).verdict === 'raised';

/** With what the net answers for labels: what it gets wrong always has a gradient. */
const hasZeroGradients = (probe: Probe) =>
  tidied(() => {
    const { net, images } = probe;
    const sure = { ...probe, labels: net.logits(images).argMax(-1), loss: lossOf('crossEntropy') };
    return (slopesOf(sure, images).abs().sum().dataSync()[0] as number) === 0;
  });

/** Makes a lead of 1e-9 one of 1000, beyond which no cross-entropy has a gradient in float32. */
const MASKING = 1e12;

interface Defect {
  readonly what: string;
  /** The net with the defect in it. */
  plant(logits: Logits, random: Random): Logits;
  found(probe: Probe): boolean;
}

const DEFECTS: readonly Defect[] = [
  {
    what: 'logits so large that cross-entropy has no gradient',
    plant: (logits) => (images) => logits(images).mul(MASKING),
    found: hasZeroGradients,
  },
  {
    what: 'a gradient cut off',
    plant: (logits) => (images) => logits(stopGradient(images)),
    found: hasZeroGradients,
  },
  {
    what: 'a gradient twice as long as it is',
    plant: (logits) => (images) => logits(images.mul(2).sub(stopGradient(images)) as tf.Tensor4D),
    found: raises(wrongGradients),
  },
  {
    what: 'a softmax at the end',
    plant: (logits) => (images) => logits(images).softmax(),
    found: raises(softmaxOutput),
  },
  {
    what: 'a random layer left on',
    plant: (logits, random) => (images) => {
      const output = logits(images);
      return output.mul(tf.tensor(random.uniforms(output.size, 0.9, 1.1), output.shape));
    },
    found: raises(randomOutput),
  },
  {
    what: 'statistics of the batch',
    plant: (logits) => (images) => {
      const output = logits(images);
      return output.sub(output.mean(0, true).mul(0.5));
    },
    found: raises(batchDependent),
  },
];

/** Checks that find nothing in a net with a defect prove nothing about this one. */
export const selfTestFailed: AttackCheck = {
  name: 'self-test-failed',
  number: 17,
  figure: `planted defects that were not found, of ${DEFECTS.length}`,
  needs: 'attacks',
  check({ net, batches, loss, random }) {
    const missed = tidied(() => {
      const probe = firstOf({ net, ...batches[0]!, loss, random: random.stream('self-test') });
      return DEFECTS.filter(({ what, plant, found }) => {
        const logits = plant((images) => net.logits(images), probe.random.stream(what));
        return !found({ ...probe, net: { logits } });
      });
    });
    return compare(
      missed.length,
      0,
      () => `with ${missed.map(({ what }) => what).join(', and with ')}, this net raises no flag.`,
    );
  },
};
