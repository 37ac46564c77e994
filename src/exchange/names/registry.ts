// Tables of names, under the names of the nets that they are for.

export { inceptionV3 } from './inception-v3.ts';
export { resnet } from './resnet.ts';
