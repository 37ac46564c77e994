import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { choiceOf, type NetArguments, netOptions, parseInput } from './net-choice.ts';
import { parseCount } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments extends NetArguments {
  readonly file: string;
  readonly output: string | undefined;
  readonly seed: string;
}

export const importCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.import,
  builder: (parser) =>
    parser
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe:
          'A .safetensors file of torchvision, timm or medrobust, or the model.json of a tfjs layers model',
      })
      .positional('net', { type: 'string', demandOption: true, describe: 'Its name' })
      .options({
        ...netOptions,
        output: { type: 'string', describe: 'Directory for the net as a tfjs layers model; none by default' },
        seed: { type: 'string', default: '1', describe: 'Of the weights that the file has not' },
      })
      .example(
        '$0 import resnet50.safetensors resnet --preset resnet50 --set pixels=imagenet --input 224x224x3 --classes 7',
        'what an experiment with weights: "resnet50.safetensors" would begin with',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const input = parseInput(parsed.input);
    const classes = parseCount(parsed.classes, '--classes') as number;
    const seed = parseCount(parsed.seed, '--seed', 0) as number;
    const choice = await choiceOf(parsed);
    const { useEngine } = await import('../engine/engine.ts');
    const { formatImport } = await import('../exchange/import-report.ts');
    const { importWeights } = await import('../exchange/import-weights.ts');
    const { createNet, resolveNet } = await import('../nets/create.ts');
    const { shapeFor } = await import('../nets/describe.ts');
    const { createRandom } = await import('../random.ts');
    await useEngine('cpu');
    const shape = shapeFor(resolveNet(choice).definition.task, input, classes);
    const net = createNet(choice, shape, createRandom(seed).stream('net'));
    process.stdout.write(formatImport(await importWeights(net, parsed.file)));
    if (parsed.output === undefined) return;
    const { formatLayersModel } = await import('../exchange/layers-model.ts');
    const { model, weights } = await formatLayersModel(net.model);
    await save(parsed.output, { 'weights.bin': weights, 'model.json': model });
  },
};

async function save(output: string, files: Record<string, string | Uint8Array>): Promise<void> {
  const { orRunError, replaceFiles } = await import('../train/files.ts');
  await orRunError(`Cannot write ${output}`, () => replaceFiles(resolve(output), files));
}
