import { dirname, join, resolve } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs';
import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../errors.ts';
import { checkpointOf, checkpointOption, findRun, refuseCheckpoint } from './find-run.ts';
import { directoryOption } from './options.ts';
import { COMMANDS } from './overview.ts';

interface Arguments {
  readonly run: string;
  readonly checkpoint: string | undefined;
  readonly output: string;
  readonly names: string;
  readonly directory: string;
}

export const exportCommand: CommandModule<object, Arguments> = {
  ...COMMANDS.export,
  builder: (parser) =>
    parser
      .positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'A run, an experiment (its newest run), or the model.json of a tfjs layers model',
      })
      .options({
        output: {
          type: 'string',
          demandOption: true,
          describe:
            'A directory, for a graph model that plain tfjs loads; or a file .safetensors, for the weights alone',
        },
        ...checkpointOption,
        names: {
          type: 'string',
          default: 'medrobust',
          describe:
            'Of the weights in safetensors: medrobust, or torchvision or timm for a state dict of theirs',
        },
        ...directoryOption,
      })
      .example('$0 export demo --output demo-web', "for tf.loadGraphModel('demo-web/model.json')")
      .example(
        '$0 export demo --output demo.safetensors',
        'for PyTorch and others',
      ) as unknown as Argv<Arguments>,
  async handler(parsed) {
    const { output } = parsed;
    const file = await modelFile(parsed);
    const { useEngine } = await import('../engine/engine.ts');
    const { openLayersModel } = await import('../exchange/layers-model.ts');
    const { makeDirectory, orRunError, replaceFile, replaceFiles } = await import('../train/files.ts');
    await useEngine('cpu');
    const model = await openLayersModel(file);
    await orRunError(`Cannot write ${output}`, async () => {
      if (!output.endsWith('.safetensors')) {
        await replaceFiles(resolve(output), await graphOf(model, parsed));
        return;
      }
      const weights = await weightsOf(model, parsed);
      await makeDirectory(dirname(resolve(output)));
      await replaceFile(output, weights);
    });
    process.stdout.write(`${output}: ${model.name} of ${file}\n`);
  },
};

/** The layers model of a checkpoint, or the one that was named. */
async function modelFile({ run: name, checkpoint, directory }: Arguments): Promise<string> {
  if (name.endsWith('.json')) {
    refuseCheckpoint(checkpoint);
    return name;
  }
  const run = await findRun(directory, name);
  const { readExperiment } = await import('../train/run-directory.ts');
  const { chooseCheckpoint } = await import('../train/evaluate.ts');
  const { checkpointName } = await import('../train/checkpoints.ts');
  const epoch = await chooseCheckpoint(run, await readExperiment(run), checkpointOf(checkpoint));
  return join(run, checkpointName(epoch), 'model.json');
}

async function weightsOf(model: LayersModel, { names }: Arguments): Promise<Uint8Array> {
  const { exportWeights } = await import('../exchange/export-weights.ts');
  return exportWeights(model, names);
}

async function graphOf(model: LayersModel, { names }: Arguments) {
  if (names !== 'medrobust') {
    throw new UsageError(
      '--names: graph models have names of their own; give it with an --output of .safetensors.',
    );
  }
  const { formatGraphModel } = await import('../exchange/graph/graph-model.ts');
  const { 'model.json': graph, ...weights } = await formatGraphModel(model);
  // Whoever reads it while it is replaced finds all that it names.
  return { ...weights, 'model.json': graph };
}
