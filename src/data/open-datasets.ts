// Open data sets that can be downloaded, with the checksums and the licence of each.

/** A file of a data set. */
export interface RemoteFile {
  readonly url: string;
  /** What it is called where it is put. */
  readonly name: string;
  /** Absent where none is published, and no two programs agree on one. */
  readonly md5?: string;
}

export interface OpenDataset {
  readonly title: string;
  readonly licence: string;
  /** What a paper that uses them cites. */
  readonly citation: string;
  readonly home: string;
  readonly files: readonly RemoteFile[];
}

const BY =
  'Creative Commons Attribution 4.0 International (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/';
const BY_NC =
  'Creative Commons Attribution-NonCommercial 4.0 International (CC BY-NC 4.0), https://creativecommons.org/licenses/by-nc/4.0/';
const ZERO = 'Creative Commons Zero 1.0 (CC0 1.0), https://creativecommons.org/publicdomain/zero/1.0/';

/**
 * The sets of MedMNIST of images, at 28, 64, 128 and 224 pixels. Checksums are those of the package's own
 * list, `medmnist/info.py` of version 3.
 */
const MEDMNIST: Readonly<Record<string, readonly [string, string, string, string]>> = {
  bloodmnist: [
    '7053d0359d879ad8a5505303e11de1dc',
    '2b94928a2ae4916078ca51e05b6b800b',
    'adace1e0ed228fccda1f39692059dd4c',
    'b718ff6835fcbdb22ba9eacccd7b2601',
  ],
  breastmnist: [
    '750601b1f35ba3300ea97c75c52ff8f6',
    '742edef2a1fd1524b2efff4bd7ba9364',
    '363e4b3f8d712e9b5de15470a2aaadf1',
    'b56378a6eefa9fed602bb16d192d4c8b',
  ],
  chestmnist: [
    '02c8a6516a18b556561a56cbdd36c4a8',
    '9de6cd0b934ebb5b7426cfba5efbae16',
    'db107e5590b27930b62dbaf558aebee3',
    '45bd33e6f06c3e8cdb481c74a89152aa',
  ],
  dermamnist: [
    '0744692d530f8e62ec473284d019b0c7',
    'b70a2f5635c6199aeaa28c31d7202e1f',
    '2defd784463fa5243564e855ed717de1',
    '8974907d8e169bef5f5b96bc506ae45d',
  ],
  octmnist: [
    'c68d92d5b585d8d81f7112f81e2d0842',
    'e229e9440236b774d9f0dfef9d07bdaf',
    '0a97e76651ace45c5d943ee3f65b63ae',
    'abc493b6d529d5de7569faaef2773ba3',
  ],
  organamnist: [
    '68e3f8846a6bd62f0c9bf841c0d9eacc',
    '2dcccc29b88e6da5a01161ef20cda288',
    'eeae80d0a227a8d099027e1b3cfd3b60',
    '50747347e05c87dd3aaf92c49f9f3170',
  ],
  organcmnist: [
    'b9ceb9546e10131b32923c5bbeaea2b1',
    '3ce34a8724ea6f548e6db4744d03b6a9',
    '773c1f009daa3fe5d9a2a201b2a7ed94',
    '050f5e875dc056f6768abf94ec9995d1',
  ],
  organsmnist: [
    '9ab87b696fb54e2a387ebe992d6ed5f1',
    '53a6d115339d874c25e309a994ff46d3',
    'ded0c5fa01a95dc4978b956f613e9b8e',
    'b354719e553fbbb2513d5533f52a4cb1',
  ],
  pathmnist: [
    'a8b06965200029087d5bd730944a56c1',
    '55aa9c1e0525abe5a6b9d8343a507616',
    'ac42d08fb904d92c244187169d1fd1d9',
    '2c51a510bcdc9cf8ddb2af93af1eadec',
  ],
  pneumoniamnist: [
    '28209eda62fecd6e6a2d98b1501bb15f',
    '8f4eceb4ccffa70c672198ea285246c6',
    '05b46931834c231683c68f40c47b2971',
    'd6a3c71de1b945ea11211b03746c1fe1',
  ],
  retinamnist: [
    'bd4c0672f1bba3e3a89f0e4e876791e4',
    'afda852cc34dcda56f86ad2b2457dbcc',
    'e48e916a24454daf90583d4e6efb1a18',
    'eae7e3b6f3fcbda4ae613ebdcbe35348',
  ],
  tissuemnist: [
    'ebe78ee8b05294063de985d821c1c34b',
    '123ece2eba09d0aa5d698fda57103344',
    '61b955355d7425a89687b06cca3ce0c2',
    'b077128c4a949f0a4eb01517f9037b9c',
  ],
};

/** Their training images take more than the 1 GiB that is read of an array. */
const TOO_LARGE = [
  'bloodmnist_224',
  'chestmnist_128',
  'chestmnist_224',
  'octmnist_128',
  'octmnist_224',
  'organamnist_224',
  'pathmnist_64',
  'pathmnist_128',
  'pathmnist_224',
  'tissuemnist_128',
  'tissuemnist_224',
];

const MEDMNIST_CITATION =
  'Yang et al. 2023, MedMNIST v2: a large-scale lightweight benchmark for 2D and 3D biomedical image classification, ' +
  'Scientific Data 10, 41, arXiv:2110.14795';

function medmnistSets(): Record<string, OpenDataset> {
  const sets: Record<string, OpenDataset> = {};
  for (const [name, checksums] of Object.entries(MEDMNIST)) {
    for (const [i, size] of [28, 64, 128, 224].entries()) {
      const file = size === 28 ? name : `${name}_${size}`;
      if (TOO_LARGE.includes(file)) continue;
      const url = `https://zenodo.org/records/10519652/files/${file}.npz?download=1`;
      sets[file] = {
        title: `${name}, ${size} × ${size}`,
        licence: name === 'dermamnist' ? BY_NC : BY,
        citation: MEDMNIST_CITATION,
        home: 'https://medmnist.com',
        files: [{ url, name: `${file}.npz`, md5: checksums[i] as string }],
      };
    }
  }
  return sets;
}

const isic2017 = (name: string, md5: string): RemoteFile => ({
  url: `https://isic-challenge-data.s3.amazonaws.com/2017/${name}`,
  name,
  md5,
});

const isic2018 = (name: string): RemoteFile => ({
  url: `https://isic-challenge-data.s3.amazonaws.com/2018/${name}`,
  name,
});

/** The papers that the challenge of 2018 asks to be cited. */
const ISIC_2018_CITATION =
  'Codella et al. 2019, Skin lesion analysis toward melanoma detection 2018: a challenge hosted by the International ' +
  'Skin Imaging Collaboration (ISIC), arXiv:1902.03368; Tschandl et al. 2018, The HAM10000 dataset, a large collection of ' +
  'multi-source dermatoscopic images of common pigmented skin lesions, Scientific Data 5, 180161, arXiv:1803.10417';

/**
 * All that `medrobust data download` knows. The ISIC archive publishes no checksums: those of the images and masks of 2017 are
 * what several programs of others agree on, that of the table of classes is of one (DeepMind's NEVIS benchmark). For
 * ISIC 2018 no two were found to agree, and so it has none.
 */
export const openDatasets: Readonly<Record<string, OpenDataset>> = {
  ...medmnistSets(),
  isic2017: {
    title: 'ISIC 2017, training images, masks and classes',
    licence: ZERO,
    citation:
      'Codella et al. 2018, Skin lesion analysis toward melanoma detection: a challenge at the 2017 International ' +
      'Symposium on Biomedical Imaging, arXiv:1710.05006',
    home: 'https://challenge.isic-archive.com/data/#2017',
    files: [
      isic2017('ISIC-2017_Training_Data.zip', 'a14a7e622c67a358797ae59abb8a0b0c'),
      isic2017('ISIC-2017_Training_Part1_GroundTruth.zip', '77fdbeb6fbec4139937224416b250f4c'),
      isic2017('ISIC-2017_Training_Part3_GroundTruth.csv', '0cb4add57c65c22ca1a1cb469ad1f0c5'),
    ],
  },
  isic2018Task1: {
    title: 'ISIC 2018 task 1, training images and masks of lesions',
    licence: BY_NC,
    citation: ISIC_2018_CITATION,
    home: 'https://challenge.isic-archive.com/data/#2018',
    files: [
      isic2018('ISIC2018_Task1-2_Training_Input.zip'),
      isic2018('ISIC2018_Task1_Training_GroundTruth.zip'),
    ],
  },
  isic2018Task3: {
    title: 'ISIC 2018 task 3 (HAM10000), training images, classes and lesions',
    licence: BY_NC,
    citation: ISIC_2018_CITATION,
    home: 'https://challenge.isic-archive.com/data/#2018',
    files: [
      isic2018('ISIC2018_Task3_Training_Input.zip'),
      isic2018('ISIC2018_Task3_Training_GroundTruth.zip'),
      isic2018('ISIC2018_Task3_Training_LesionGroupings.csv'),
    ],
  },
};
