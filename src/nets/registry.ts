// The nets, under the names that experiments and the command line use. A new net is a file and a line here.

export { cifarResnet } from './cifar-resnet.ts';
export { denseUnet } from './dense-unet.ts';
export { densenet } from './densenet.ts';
export { fcDensenet } from './fc-densenet.ts';
export { googlenet } from './googlenet.ts';
export { inceptionResnetV2 } from './inception-resnet-v2.ts';
export { inceptionV3 } from './inception-v3.ts';
export { inceptionV4 } from './inception-v4.ts';
export { mobilenetV1, mobilenetV2 } from './mobilenet.ts';
export { preActResnet } from './pre-activation-resnet.ts';
export { resUnet } from './res-unet.ts';
export { resnet } from './resnet.ts';
export { segnet } from './segnet.ts';
export { unet } from './unet.ts';
export { unetPlusPlus } from './unet-plus-plus.ts';
export { unet3d } from './unet3d.ts';
