import * as tf from '@tensorflow/tfjs';
import { requireOption } from '../options.ts';
import { imageInput, type Style } from './blocks.ts';
import { fanInUniform, glorotUniform } from './initialisers.ts';
import { defineNet } from './net.ts';
import { type Bottleneck, basicBlock, bottleneckBlock } from './residual-blocks.ts';
import {
  architectures,
  classify,
  kerasApplications,
  type Place,
  readBlockOptions,
  readPlaces,
  requireBlurrable,
  residualOptions,
  scaled,
} from './residual-net.ts';
import { imagenetStem, smallStem } from './residual-stem.ts';
import { readStyle, requireOneOf, styleOptions } from './style.ts';

/** The width of a group, in the first of the published stages, that leaves the inner channels as they are. */
const plainWidthPerGroup = 64;

/**
 * Residual nets: ResNet, and by options ResNeXt, Wide ResNet, SE-ResNet, CBAM-ResNet and anti-aliased nets. Images may
 * be of any size; with downsample 'blur', of at least 17 × 17, or 5 × 5 with the stem 'small'.
 *
 * He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385, in the form known as v1.5: a
 * bottleneck halves the image in its 3 × 3 convolution, not in the first 1 × 1. Layers, padding and initial weights as
 * in torchvision, whose parameter counts it has; only the bias of the last layer starts at 0. The presets `…Keras` are
 * keras.applications' nets.
 *
 * ResNeXt: Xie et al. 2016, arXiv:1611.05431. Wide: Zagoruyko and Komodakis 2016, arXiv:1605.07146. SE: Hu et al. 2017,
 * arXiv:1709.01507. CBAM: Woo et al. 2018, arXiv:1807.06521. Anti-aliased: Zhang 2019, arXiv:1904.11486, with 3 taps
 * and, unlike the author's code, the 3 × 3 of the stem's max pool.
 */
export const resnet = defineNet({
  task: 'classification',
  source: 'He et al. 2015, Deep residual learning for image recognition, arXiv:1512.03385',
  defaults: {
    /** 18, 34, 50, 101 or 152. From 50 on, blocks are bottlenecks. */
    depth: 18,
    /** 'torchvision', or 'keras': convolutions have biases, and bottlenecks halve in their first convolution. */
    convention: 'torchvision',
    /**
     * 'imagenet' quarters the image at once (7 × 7 with stride 2, then a max pool); 'small', a 3 × 3 with
     * stride 1 and no pool, is for images up to about 64 × 64.
     */
    stem: 'imagenet',
    /** Channels of the stem and the first stage; each of the three others doubles them. */
    filters: 64,
    ...residualOptions,
    /** Groups of the 3 × 3 convolution of a bottleneck. ResNeXt: 32. */
    groups: 1,
    /** Channels of a group where `filters` are 64; they double with those. ResNeXt-50: 4. Wide ResNet: 128, in one group. */
    widthPerGroup: plainWidthPerGroup,
    /** Starts each residual branch at zero, so that blocks begin as the identity. Goyal et al. 2017, arXiv:1706.02677, section 5.1. */
    zeroInitResidual: false,
    ...styleOptions({ initialiser: 'heNormalFanOut' }),
  },
  presets: {
    resnet18: { depth: 18 },
    resnet34: { depth: 34 },
    resnet50: { depth: 50 },
    resnet101: { depth: 101 },
    resnet152: { depth: 152 },
    resnet50Keras: { ...kerasApplications, depth: 50 },
    resnet101Keras: { ...kerasApplications, depth: 101 },
    resnet152Keras: { ...kerasApplications, depth: 152 },
    resnext50: { depth: 50, groups: 32, widthPerGroup: 4 },
    resnext101: { depth: 101, groups: 32, widthPerGroup: 8 },
    wideResnet50: { depth: 50, widthPerGroup: 128 },
    wideResnet101: { depth: 101, widthPerGroup: 128 },
    seResnet18: { depth: 18, seRatio: 1 / 16 },
    seResnet50: { depth: 50, seRatio: 1 / 16 },
    seResnext50: { depth: 50, groups: 32, widthPerGroup: 4, seRatio: 1 / 16 },
    cbamResnet18: { depth: 18, attention: 'cbam', seRatio: 1 / 16 },
    cbamResnet50: { depth: 50, attention: 'cbam', seRatio: 1 / 16 },
    resnet18Blur: { depth: 18, downsample: 'blur' },
    resnet50Blur: { depth: 50, downsample: 'blur' },
  },
  build({ imageShape, classes }, options, random) {
    const { depth, convention, stem, filters, width, zeroInitResidual } = options;
    const architecture = architectures[depth];
    requireOption('resnet', 'depth', architecture !== undefined, '18, 34, 50, 101 or 152', depth);
    requireOneOf('resnet', 'convention', ['torchvision', 'keras'], convention);
    requireOneOf('resnet', 'stem', ['imagenet', 'small'], stem);
    const { bottleneck, depths } = architecture!;
    requireGroups(options, bottleneck);
    const places = readPlaces('resnet', 'layer', depths, options);
    const shared = { ...readBlockOptions('resnet', options), zeroInitResidual };
    requireBlurrable('resnet', imageShape, stem === 'small' ? 3 : 5, shared.downsample);
    const keras = convention === 'keras';
    const style: Style = { ...readStyle('resnet', options, random), bias: keras };
    const strideAt = keras ? 'first' : 'middle';

    const { images, x: pixels } = imageInput(style, imageShape);
    const first = { filters: scaled(filters, width), downsample: shared.downsample };
    let x = (stem === 'small' ? smallStem : imagenetStem)(style, pixels, first);
    for (const place of places) {
      const stride = place.stage > 0 && place.index === 0 ? 2 : 1;
      const block = { ...shared, name: place.name, filters: place.filters, stride };
      x = bottleneck
        ? bottleneckBlock(style, x, { ...block, strideAt, ...grouped(place, options) })
        : basicBlock(style, x, block);
    }
    const rule = keras ? glorotUniform : fanInUniform;
    const logits = classify(random, x, { classes, rate: options.dropout, rule });
    return { model: tf.model({ name: 'resnet', inputs: images, outputs: logits }) };
  },
});

interface GroupOptions {
  readonly groups: number;
  readonly widthPerGroup: number;
}

function requireGroups({ groups, widthPerGroup }: GroupOptions, bottleneck: boolean): void {
  requireOption('resnet', 'groups', Number.isInteger(groups) && groups > 0, 'a positive integer', groups);
  requireOption('resnet', 'widthPerGroup', widthPerGroup > 0, 'a positive number', widthPerGroup);
  const only = 'with depth 18 or 34, which have no bottlenecks';
  requireOption('resnet', 'groups', bottleneck || groups === 1, `1 ${only}`, groups);
  const plain = widthPerGroup === plainWidthPerGroup;
  requireOption(
    'resnet',
    'widthPerGroup',
    bottleneck || plain,
    `${plainWidthPerGroup} ${only}`,
    widthPerGroup,
  );
}

/** The inner channels of a bottleneck, as torchvision rounds them. */
function grouped(
  { filters }: Place,
  { groups, widthPerGroup }: GroupOptions,
): Pick<Bottleneck, 'groups' | 'innerFilters'> {
  const perGroup = Math.max(Math.floor((filters * widthPerGroup) / plainWidthPerGroup), 1);
  return { groups, innerFilters: perGroup * groups };
}
