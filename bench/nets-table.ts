/**
 * Writes docs/nets.md: every net of the registry, with its size, how long a step takes, and whether it learns.
 *
 *   npm run nets-table
 *
 * A net appears by being registered. What is trained is a quarter of the width at the smallest size that it takes.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { useEngine } from '../src/engine/engine.ts';
import { UsageError } from '../src/errors.ts';
import { type NetChoice, type NetName, resolveNet } from '../src/nets/create.ts';
import { type ChoiceDescription, describeChoice } from '../src/nets/describe.ts';
import * as registry from '../src/nets/registry.ts';
import { table } from './table.ts';
import { firstSetting, type Setting, trainBriefly } from './train-briefly.ts';

const batchSize = 8;
const steps = 30;
/** Sides of images of the published nets, the usual one first. */
const publishedSides = [224, 256, 299, 572, 32];
/** Of volumes: the second for those without padding. */
const volumeSides = [64, 132];
/** Sides of images in the small setting. */
const smallSides = [32, 64, 96, 128, 192];

const figure = (value: number) => value.toLocaleString('en');
const millions = (value: number) => `${(value / 1e6).toFixed(value < 1e8 ? 1 : 0)} M`;
const shapeText = (sizes: readonly number[]) => sizes.join(' × ');
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A quarter of the width, and the stem for small images, where the net has such options. */
function smallChoices(name: NetName): NetChoice[] {
  const { defaults } = resolveNet({ name } as NetChoice).definition;
  const width = Object.hasOwn(defaults, 'width') ? { width: 0.25 } : {};
  const filters = !('width' in width) && Object.hasOwn(defaults, 'filters') ? { filters: 8 } : {};
  const small = { name, ...width, ...filters } as NetChoice;
  return Object.hasOwn(defaults, 'stem') ? [{ ...small, stem: 'small' } as NetChoice, small] : [small];
}

async function trainedLine(name: NetName): Promise<string[]> {
  const setting = firstSetting(smallChoices(name), smallSides);
  const { losses, milliseconds } = await trainBriefly(setting, { steps, batchSize });
  const [start, end] = [mean(losses.slice(0, 4)), mean(losses.slice(-4))];
  const { parameters, multiplyAdds } = setting.description;
  process.stderr.write(`${name}: ${start.toFixed(3)} → ${end.toFixed(3)}, ${milliseconds.toFixed(0)} ms\n`);
  return [
    name,
    settingText(setting),
    figure(parameters.total),
    millions(multiplyAdds),
    `${milliseconds.toFixed(0)} ms`,
    `${start.toFixed(3)} → ${end.toFixed(3)}`,
  ];
}

function settingText({ choice, input }: Setting): string {
  const { name: _, ...options } = choice as { name: string } & Record<string, unknown>;
  const set = Object.entries(options).map(([option, value]) => `${option} ${value}`);
  return [...set, shapeText(input)].join(', ');
}

function publishedLine(name: NetName, preset: string | undefined): string[] {
  const choice = { name, ...(preset !== undefined && { preset }) } as NetChoice;
  const { input, description } = published(choice);
  const { parameters, multiplyAdds, source = '' } = description;
  return [
    preset === undefined ? name : `${name}, preset ${preset}`,
    shapeText(input),
    figure(parameters.total),
    figure(parameters.trainable),
    figure(multiplyAdds),
    source,
  ];
}

/** For 2 classes, at the first of the usual sizes that it takes. */
function published(choice: NetChoice): { input: number[]; description: ChoiceDescription } {
  const { task, ...definition } = resolveNet(choice).definition;
  const { volumes = false } = definition as { readonly volumes?: boolean };
  let refusal: unknown;
  for (const side of volumes ? volumeSides : publishedSides) {
    const input = volumes ? [side, side, side, 1] : [side, side, task === 'classification' ? 3 : 1];
    try {
      return { input, description: describeChoice(choice, input, 2) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

const engine = await useEngine('auto');
const names = Object.keys(registry) as NetName[];
const trained: string[][] = [];
for (const name of names) trained.push(await trainedLine(name));
const sizes = names.flatMap((name) => {
  const presets = Object.keys(resolveNet({ name } as NetChoice).definition.presets ?? {});
  return [undefined, ...presets].map((preset) => publishedLine(name, preset));
});

const text = `# Nets

Written by \`npm run nets-table\`. \`medrobust list nets\` shows the options of each, \`medrobust describe <net>\` the size and the
shapes of any variant for any input.

## As they are published

With the options left at their defaults, and their presets, for 2 classes. Parameters hold the moving averages of batch
normalisation, which are not trained. Multiply-adds are those of convolutions and fully connected layers, for one image.

${table(['net', 'input', 'parameters', 'trained', 'multiply-adds', 'source'], sizes)}

## They learn

In a small setting, ${steps} steps of Adam (learning rate 0.003) on four batches of ${batchSize} drawn lesions, for volumes of ${batchSize} times 8
of them in a row: cross-entropy in training, mean of the first four steps and of the last four. A step is the median of the
later half. ${cpus()[0]?.model.trim()}, engine ${engine.name}, ${engine.threads} ${engine.threads === 1 ? 'thread' : 'threads'}, Node ${process.version}.

${table(['net', 'setting', 'parameters', 'multiply-adds', 'step', 'loss'], trained)}
`;
writeFileSync(fileURLToPath(new URL('../docs/nets.md', import.meta.url)), text);
