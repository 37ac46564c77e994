import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openDataset } from '../../src/data/create.ts';
import { balancedWeights } from '../../src/data/sampling.ts';
import { splitDataset } from '../../src/data/split.ts';
import { UsageError } from '../../src/errors.ts';
import { createRandom } from '../../src/random.ts';
import { colours, memoryDataset, says, temporaryFolder, writeImage, writeText } from './fixtures.ts';

/** A folder with im0.png … im3.png in `images`, and labels.csv of `lines`. */
async function study(context: TestContext, lines: readonly string[], end = '\n') {
  const folder = await temporaryFolder(context);
  for (let i = 0; i < 4; i++) await writeImage(join(folder, 'images', `im${i}.png`), colours(i));
  const csv = await writeText(join(folder, 'labels.csv'), lines.join(end) + end);
  const open = (options = {}) => openDataset({ name: 'imageCsv', csv, size: [4, 4], ...options });
  const refuses = (options: object, ...parts: string[]) =>
    assert.rejects(open(options), says(UsageError, ...parts));
  return { folder, csv, open, refuses };
}

const isic = { classes: ['melanoma', 'keratosis'], otherClass: 'nevus' };
const header = 'image_id,melanoma,keratosis';

test('one-hot columns, with a class for rows of zeros (ISIC 2017)', async (context) => {
  const { open } = await study(context, [header, 'im0,1.0,0.0', 'im1,0.0,0.0', 'im3,0,1']);
  const dataset = await open(isic);
  assert.equal(dataset.name, 'labels');
  assert.deepEqual(dataset.classes, ['melanoma', 'keratosis', 'nevus']);
  assert.deepEqual(dataset.samples, [
    { id: 'im0', patient: 'im0', label: 0 },
    { id: 'im1', patient: 'im1', label: 2 },
    { id: 'im3', patient: 'im3', label: 1 },
  ]);
});

test('a class-name column and a lesion column (HAM10000); classes sorted, or in the order given', async (context) => {
  const lines = ['lesion_id,image_id,dx', 'L1,im0,nv', 'L1,im1,nv', ',im2,bkl'];
  const { open } = await study(context, lines);
  const options = { labelColumn: 'dx', patientColumn: 'lesion_id' };
  const dataset = await open(options);
  assert.deepEqual(dataset.classes, ['bkl', 'nv']);
  assert.deepEqual(
    dataset.samples.map(({ patient, label }) => [patient, label]),
    [
      ['L1', 1],
      ['L1', 1],
      ['im2', 0],
    ],
  );
  const given = await open({ ...options, classes: ['nv', 'bkl', 'mel'] });
  assert.deepEqual(given.classes, ['nv', 'bkl', 'mel']);
  assert.deepEqual(
    given.samples.map(({ label }) => label),
    [0, 0, 1],
  );
});

test('tabs, semicolons, a byte order mark, CRLF and quotes are read', async (context) => {
  for (const delimiter of ['\t', ';', ',']) {
    const lines = ['\ufeffimage_id,dx,note', 'im0,a,"x, y"', 'im1,b,""'].map((line) =>
      line.replaceAll(/,(?! )/g, delimiter),
    );
    const { open } = await study(context, lines, '\r\n');
    assert.deepEqual(
      (await open({ labelColumn: 'dx' })).samples.map(({ id, label }) => [id, label]),
      [
        ['im0', 0],
        ['im1', 1],
      ],
    );
  }
});

test('an id finds its file by name with or without extension, in sub-folders, or by path', async (context) => {
  const lines = ['image_id,dx', 'im0,a', 'im1.png,b', 'images/im2,a', 'deep,b'];
  const { folder, open, refuses } = await study(context, lines);
  const file = await writeImage(join(folder, 'more', 'part', 'deep.jpg'), colours(9));
  const dataset = await open({ labelColumn: 'dx' });
  for (const index of dataset.samples.keys()) await dataset.read(index);
  await writeImage(join(folder, 'more', 'deep.png'), colours(9));
  await refuses({ labelColumn: 'dx' }, 'line 5', '"deep"', 'more/deep.png or more/part/deep.jpg');
  assert.ok(file);
});

test('an image the table names but the folder lacks is refused before anything is read', async (context) => {
  const { csv, refuses } = await study(context, [header, 'im0,1,0', 'im7,0,1']);
  await refuses(isic, `${csv}, line 3`, 'no image "im7"');
});

test('labels that are none of the classes are refused with their line', async (context) => {
  const { csv, refuses } = await study(context, ['image_id,dx', 'im0,nv', 'im1,mel']);
  await refuses(
    { labelColumn: 'dx', classes: ['nv', 'bkl'] },
    `${csv}, line 3`,
    'expected nv or bkl',
    '"mel"',
  );
  const empty = await study(context, ['image_id,dx', 'im0,nv', 'im1,']);
  await empty.refuses({ labelColumn: 'dx' }, 'line 3', 'received ""');
});

test('one-hot rows with no 1, two, or something else are refused with their line', async (context) => {
  const { otherClass: _, ...strict } = isic;
  const zeros = await study(context, [header, 'im0,1,0', 'im1,0,0']);
  await zeros.refuses(strict, 'line 3', 'found it in none', 'otherClass');
  const two = await study(context, [header, 'im0,1,1']);
  await two.refuses(isic, 'line 2', 'found it in melanoma, keratosis');
  for (const value of ['yes', '', '0.5']) {
    const other = await study(context, [header, `im0,1,${value}`]);
    await other.refuses(isic, 'line 2', 'expected 0 or 1 in column "keratosis"', `"${value}"`);
  }
});

test('an id that stands twice is refused with both lines', async (context) => {
  const { csv, refuses } = await study(context, [header, 'im0,1,0', 'im1,0,0', 'im0,0,0']);
  await refuses(isic, `${csv}, line 4`, '"im0"', `${csv}, line 2`);
});

test('columns that are not there are refused with those that are', async (context) => {
  const { refuses } = await study(context, [header, 'im0,1,0']);
  const columns = 'image_id, melanoma and keratosis';
  await refuses({ ...isic, idColumn: 'image' }, '"idColumn"', '"image"', columns);
  await refuses({ ...isic, patientColumn: 'lesion' }, '"patientColumn"', '"lesion"', columns);
  await refuses({ labelColumn: 'dx' }, '"labelColumn"', '"dx"', columns);
  await refuses({ classes: ['melanoma', 'dx'] }, '"classes"', '"dx"', columns);
  await refuses({}, 'Set "labelColumn"', 'image_id, melanoma, keratosis');
  await refuses({ labelColumn: 'melanoma', otherClass: 'x' }, '"otherClass"');
});

test('what is not a table is refused', async (context) => {
  const ragged = await study(context, [header, 'im0,1']);
  await ragged.refuses(isic, ragged.csv, 'is not a table');
  const bare = await study(context, [header]);
  await bare.refuses(isic, bare.csv, 'found no row');
  const twice = await study(context, ['image_id,dx,dx', 'im0,a,b']);
  await twice.refuses({ labelColumn: 'dx' }, twice.csv, '"dx" stands twice');
  await bare.refuses({ csv: join(bare.folder, 'gone.csv') }, '"csv"', 'ENOENT', 'gone.csv');
  await bare.refuses({ csv: '' }, '"csv"', 'Set it');
});

test('several labels (CheXpert): 1, 0, −1 for uncertain, and empty cells; patients from paths', async (context) => {
  const lines = [
    'Path,Sex,Edema,Fracture',
    'a/p1/im0.png,F,1.0,',
    'a/p1/im1.png,M,-1.0,0.0',
    'a/p2/im2.png,M,,1.0',
  ];
  const { folder, open, refuses } = await study(context, lines);
  for (const [i, patient] of ['p1', 'p1', 'p2'].entries())
    await writeImage(join(folder, 'a', patient, `im${i}.png`), colours(i));
  const several = {
    idColumn: 'Path',
    classes: ['Edema', 'Fracture'],
    multiLabel: true,
    patientPattern: '(p\\d+)/',
  };
  const dataset = await open(several);
  assert.equal(dataset.task, 'multilabel');
  assert.deepEqual(dataset.classes, ['Edema', 'Fracture']);
  assert.deepEqual(dataset.samples, [
    { id: 'a/p1/im0.png', patient: 'p1', labels: [1, -1] },
    { id: 'a/p1/im1.png', patient: 'p1', labels: [-1, 0] },
    { id: 'a/p2/im2.png', patient: 'p2', labels: [-1, 1] },
  ]);
  assert.deepEqual((await dataset.read(1)).label, Int32Array.from([-1, 0]));
  const absent = await open({ ...several, blank: 'absent' });
  assert.deepEqual(
    absent.samples.map(({ labels }) => labels),
    [
      [1, 0],
      [-1, 0],
      [0, 1],
    ],
  );
  assert.deepEqual(await balancedWeights(absent), [1, 2]);
  await refuses({ ...several, blank: 'no' }, '"blank" of imageCsv', 'unknown or absent');
  await refuses({ ...several, classes: [] }, 'Path, Sex, Edema, Fracture', '"classes"');
  await refuses({ ...several, classes: ['Sex'] }, 'line 2', 'column "Sex"', '"F"');
  await refuses({ ...several, labelColumn: 'Sex' }, 'multiLabel', 'leave out');
  await refuses({ ...several, patientColumn: 'Sex' }, 'patientColumn', 'patientPattern');
});

test('several labels: each is in every split as often as patients allow', async () => {
  const random = createRandom(5);
  const samples = Array.from({ length: 200 }, (_, i) => ({
    id: `${i}`,
    patient: `${i >> 1}`,
    labels: [0.3, 0.1, 0.05].map((share) => (random.uniform() < share ? 1 : 0)),
  }));
  const dataset = { ...memoryDataset(samples), task: 'multilabel' as const };
  const { train, validation } = splitDataset(dataset, { validation: 0.3, test: 0 }, createRandom(1));
  for (const label of [0, 1, 2]) {
    const count = (part: typeof dataset | typeof train) =>
      part.samples.filter(({ labels }) => labels?.[label] === 1).length;
    assert.ok(
      Math.abs(count(validation) - 0.3 * count(dataset)) < 4,
      `label ${label}: ${count(validation)} of ${count(dataset)}`,
    );
  }
  assert.equal(train.samples.length + validation.samples.length, 200);
});

test('an exact path is its own file, whatever else is called so; one image under two ids is refused', async (context) => {
  const { folder, open, csv, refuses } = await study(context, ['image_id,dx', 'x.png,a', 'im1,b']);
  for (const file of ['images/x.png', 'x.png']) await writeImage(join(folder, file), colours(9));
  assert.deepEqual((await open({ labelColumn: 'dx' })).filesOf?.(0), [join(folder, 'x.png')]);
  await writeText(csv, 'image_id,dx\nim1.png,a\nim1,b\n');
  await refuses({ labelColumn: 'dx' }, 'line 3', join('images', 'im1.png'), 'line 2', 'Keep one');
});

test('classes that a command gives as numbers are names', async (context) => {
  const { open } = await study(context, ['image_id,dx,0,1', 'im0,1,1,0', 'im1,0,0,1']);
  const labels = async (options: object) => (await open(options)).samples.map(({ label }) => label);
  const classes = [0, 1] as unknown as string[];
  assert.deepEqual(await labels({ labelColumn: 'dx', classes }), [1, 0]);
  assert.deepEqual(await labels({ classes }), [0, 1]);
});
