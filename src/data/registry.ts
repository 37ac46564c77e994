// One line each. To add a format, write its file and name it here.
export { brainPhantoms } from './brain-phantoms.ts';
export { imageCsv } from './image-csv.ts';
export { imageFolder } from './image-folder.ts';
export { imageMasks } from './image-masks.ts';
export { medmnist } from './medmnist.ts';
export { niftiSlices } from './nifti-slices.ts';
export { skinLesions } from './skin-lesions.ts';
