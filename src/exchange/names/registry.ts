// Tables of names, under the names of the nets that they are for.

export { densenet } from './densenet.ts';
export { inceptionV3 } from './inception-v3.ts';
export { inceptionV4 } from './inception-v4.ts';
export { mobilenetV2 } from './mobilenet-v2.ts';
export { resnet } from './resnet.ts';
