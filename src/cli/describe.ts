import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';
import type { NetChoice } from '../nets/create.ts';
import type { ChoiceDescription } from '../nets/describe.ts';
import { parseCount } from './options.ts';
import { coerce, type Json } from './overrides.ts';

interface Arguments {
  readonly net: string;
  readonly set: string[];
  readonly preset: string | undefined;
  readonly input: string;
  readonly classes: string;
  readonly json: boolean;
}

export const describeCommand: CommandModule<object, Arguments> = {
  command: 'describe <net>',
  describe: 'Say how large a net is: parameters, multiply-adds, shapes',
  builder: (parser) =>
    parser
      .positional('net', {
        type: 'string',
        demandOption: true,
        describe: 'Its name: "medrobust list nets" shows all',
      })
      .options({
        set: {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'Change an option of the net: option=value',
        },
        preset: { type: 'string', describe: 'A named variant of the net' },
        input: {
          type: 'string',
          demandOption: true,
          describe: 'Images as height x width x channels, such as 299x299x3; volumes with their depth first',
        },
        classes: { type: 'string', demandOption: true, describe: 'Number of classes' },
        json: { type: 'boolean', default: false, describe: 'As JSON' },
      })
      .example('$0 describe inceptionV3 --input 299x299x3 --classes 7', 'as published')
      .example(
        '$0 describe resnet --set depth=50 --input 64x64x1 --classes 2 --json',
        'a variant, for programs',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const input = parseInput(parsed.input);
    const classes = parseCount(parsed.classes, '--classes') as number;
    const choice = await choiceOf(parsed);
    const { useEngine } = await import('../engine/engine.ts');
    const { describeChoice } = await import('../nets/describe.ts');
    await useEngine('cpu');
    const { layers, ...description } = describeChoice(choice, input, classes);
    const { name, task, ...found } = description;
    const text = parsed.json
      ? `${JSON.stringify({ name, task, input, classes, ...found }, null, 2)}\n`
      : textOf(description, input, classes);
    process.stdout.write(text);
  },
};

/** `299x299x3`, or `64x128x128x1`. */
function parseInput(text: string): number[] {
  const sizes = text.split(/[x×]/).map(Number);
  const fits = sizes.length === 3 || sizes.length === 4;
  if (fits && sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UsageError(
    `--input: expected height x width x channels, such as 299x299x3, or depth first; received "${text}".`,
  );
}

/** The net with the options of `--set`, each of the kind of its default. */
async function choiceOf({ net, preset, set }: Arguments): Promise<NetChoice> {
  const { resolveNet } = await import('../nets/create.ts');
  const choice: Record<string, Json> = { name: net, ...(preset !== undefined && { preset }) };
  const { options } = resolveNet(choice as NetChoice);
  for (const assignment of set) {
    const at = assignment.indexOf('=');
    if (at < 1) {
      throw new UsageError(`--set: expected option=value, such as width=0.5; received "${assignment}".`);
    }
    const [option, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
    // The net says which options it has.
    const like = Object.hasOwn(options, option) ? (options[option] as Json) : '';
    choice[option] = coerce(text, like, option);
  }
  return choice as NetChoice;
}

function textOf(description: Omit<ChoiceDescription, 'layers'>, input: readonly number[], classes: number) {
  const { name, task, source, options, parameters, multiplyAdds, outputs, stages } = description;
  const number = (value: number) => value.toLocaleString('en');
  const shape = (sizes: readonly number[]) => sizes.join(' × ');
  const set = Object.entries(options).map(([option, value]) => `${option} = ${JSON.stringify(value)}`);
  const width = Math.max(...stages.map((stage) => stage.name.length));
  const lines = [
    `${name} (${task})`,
    ...(source ? [source] : []),
    `options: ${set.join(', ')}`,
    '',
    `input         ${shape(input)}, ${classes} ${classes === 1 ? 'class' : 'classes'}`,
    `parameters    ${number(parameters.total)}, of which ${number(parameters.trainable)} are trained`,
    `multiply-adds ${number(multiplyAdds)} an image`,
    `outputs       ${outputs.map(shape).join(', ')}`,
    'stages',
    ...stages.map((stage) => `  ${stage.name.padEnd(width)}  ${shape(stage.shape)}`),
  ];
  return `${lines.join('\n')}\n`;
}
