// The nets, under the names that experiments and the command line use. A new net is a file and a line here.

export { inceptionV3 } from './inception-v3.ts';
export { resUnet } from './res-unet.ts';
export { resnet } from './resnet.ts';
export { unet } from './unet.ts';
export { unetPlusPlus } from './unet-plus-plus.ts';
