// The nets, under the names that experiments and the command line use. A new net is a file and a line here.

export { denseUnet } from './dense-unet.ts';
export { densenet } from './densenet.ts';
export { fcDensenet } from './fc-densenet.ts';
export { inceptionV3 } from './inception-v3.ts';
export { mobilenetV1, mobilenetV2 } from './mobilenet.ts';
export { resnet } from './resnet.ts';
export { segnet } from './segnet.ts';
export { unet } from './unet.ts';
export { unet3d } from './unet3d.ts';
