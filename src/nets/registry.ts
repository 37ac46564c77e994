// The nets, under the names that experiments and the command line use. A new net is a file and a line here.

export { cifarResnet } from './cifar-resnet.ts';
export { inceptionV3 } from './inception-v3.ts';
export { preActResnet } from './pre-activation-resnet.ts';
export { resnet } from './resnet.ts';
export { unet } from './unet.ts';
