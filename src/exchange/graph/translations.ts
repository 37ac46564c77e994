// The layers that can be exported, by the names of their classes: those that nets are made of (src/nets/blocks.ts and its neighbours).

import type { Translation } from './call.ts';
import * as convolutions from './convolutions.ts';
import * as elementwise from './elementwise.ts';
import * as normalisations from './normalisations.ts';
import * as pooling from './pooling.ts';
import * as shapes from './shapes.ts';

export const translations: Readonly<Record<string, Translation>> = {
  Activation: elementwise.activation,
  Add: elementwise.add,
  AveragePooling2D: pooling.averagePooling2d,
  AveragePooling3D: pooling.averagePooling3d,
  BatchNormalization: normalisations.batchNormalization,
  BilinearUpSampling2D: shapes.bilinearUpSampling2d,
  BlurPool2D: pooling.blurPool2d,
  Concatenate: shapes.concatenate,
  Conv2D: convolutions.conv2d,
  Conv2DTranspose: convolutions.conv2dTranspose,
  Conv3D: convolutions.conv3d,
  Conv3DTranspose: convolutions.conv3dTranspose,
  Cropping2D: shapes.cropping2d,
  Dense: convolutions.dense,
  DepthwiseConv2D: convolutions.depthwiseConv2d,
  Dropout: elementwise.dropout,
  Flatten: shapes.reshape,
  GlobalAveragePooling1D: pooling.globalAveragePooling,
  GlobalAveragePooling2D: pooling.globalAveragePooling,
  GlobalMaxPooling1D: pooling.globalMaxPooling,
  GlobalMaxPooling2D: pooling.globalMaxPooling,
  GroupNormalization: normalisations.groupNormalization,
  GroupedConv2D: convolutions.groupedConv2d,
  LeakyReLU: elementwise.leakyRelu,
  LocalResponseNormalization: normalisations.localResponseNormalization,
  MaxPooling2D: pooling.maxPooling2d,
  MaxPooling3D: pooling.maxPooling3d,
  MaxPoolingWithIndices2D: pooling.maxPoolingWithIndices2d,
  MaxUnpooling2D: pooling.maxUnpooling2d,
  Multiply: elementwise.multiply,
  Permute: shapes.permute,
  Rescaling: elementwise.rescaling,
  Reshape: shapes.reshape,
  UpSampling2D: shapes.upSampling2d,
  ZeroPadding2D: shapes.zeroPadding2d,
};
