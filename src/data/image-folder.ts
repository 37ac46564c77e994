import { basename, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Dataset, defineDataset, type SampleInfo } from './dataset.ts';
import { dicomPatient } from './dicom/patient.ts';
import { listFolders, listImages, patientFrom } from './files.ts';
import { decodeImage, imageDefaults, imageTarget } from './image-file.ts';

interface File extends SampleInfo {
  readonly label: number;
}

/**
 * Images in one sub-folder a class, such as `NORMAL/` and `PNEUMONIA/`; for classification.
 *
 * Classes are the sorted names of the sub-folders; the id of a sample is its path from `directory`.
 * Folders within a class are searched too. Fewer than two classes, or a class without an image, is a
 * `UsageError`.
 */
export const imageFolder = defineDataset({
  defaults: {
    directory: '',
    ...imageDefaults,
    /**
     * A regular expression over the file name whose one group is the patient; by default the Patient ID of DICOM, and
     * each other file is one.
     */
    patientPattern: '',
  },
  async open({ directory, patientPattern, ...image }): Promise<Dataset> {
    const target = imageTarget('imageFolder', image);
    const patientOf = patientFrom('imageFolder', patientPattern);
    const classes = await listFolders('imageFolder', 'directory', directory);
    if (classes.length < 2) {
      throw new UsageError(
        `imageFolder: expected two sub-folders or more in ${directory}, one a class, found ${classes.length}` +
          `${classes.length ? ` (${classes[0]})` : ''}. Put the images of each class in a folder of its name.`,
      );
    }
    const samples: File[] = [];
    for (const [label, name] of classes.entries()) {
      for (const file of await listImages('imageFolder', 'directory', join(directory, name))) {
        const id = `${name}/${file}`;
        const known = patientPattern === '' ? await dicomPatient(join(directory, id)) : undefined;
        samples.push({ id, patient: known ?? patientOf(file, id), label });
      }
    }
    return {
      name: basename(resolve(directory)),
      task: 'classification',
      imageShape: target.imageShape,
      classes,
      samples,
      filesOf: (index) => [join(directory, (samples[index] as File).id)],
      async read(index) {
        const { id, label } = samples[index] as File;
        const { pixels } = await decodeImage(join(directory, id), target);
        return { id, pixels, label };
      },
    };
  },
});
