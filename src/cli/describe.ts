import type { Argv, CommandModule } from 'yargs';
import type { ChoiceDescription } from '../nets/describe.ts';
import { choiceOf, type NetArguments, netOptions, parseInput } from './net-choice.ts';
import { parseCount } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments extends NetArguments {
  readonly json: boolean;
}

export const describeCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.describe,
  builder: (parser) =>
    parser
      .positional('net', {
        type: 'string',
        demandOption: true,
        describe: 'Its name: "medrobust list nets" shows all',
      })
      .options({
        ...netOptions,
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
