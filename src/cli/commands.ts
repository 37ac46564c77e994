import yargs from 'yargs';
import { compareCommand } from './compare.ts';
import { dataCommand } from './data.ts';
import { describeCommand } from './describe.ts';
import { diagnoseCommand } from './diagnose.ts';
import { doctorCommand } from './doctor.ts';
import { evaluateCommand } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { listCommand } from './list.ts';
import { mistake } from './mistake.ts';
import { reportCommand } from './report.ts';
import { trainCommand } from './train.ts';
import { watchCommand } from './watch.ts';

/** Runs the command that `words` name: what follows `medrobust`. Throws `UsageError` for what cannot be understood. */
export async function runCommand(words: readonly string[]): Promise<void> {
  await yargs(words as string[])
    .scriptName('medrobust')
    .usage(
      '$0 <command>\n\nTrains medical-imaging nets from scratch and measures their robustness every epoch.',
    )
    .command(trainCommand)
    .command(evaluateCommand)
    .command(compareCommand)
    .command(diagnoseCommand)
    .command(reportCommand)
    .command(watchCommand)
    .command(listCommand)
    .command(dataCommand)
    .command(describeCommand)
    .command(importCommand)
    .command(exportCommand)
    .command(doctorCommand)
    .example('$0 train demo', 'train on made-up images: data, curves and checkpoints in a minute or two')
    .example('$0 list nets', 'what an experiment can choose from')
    .demandCommand(
      1,
      'Expected a command: train, evaluate, compare, diagnose, report, watch, list, data, describe, import, export or doctor.',
    )
    .recommendCommands()
    .strict()
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      // What the parser throws itself is a mistake in the words, too.
      throw error && error.name !== 'YError' ? error : mistake(message ?? error.message, words);
    })
    .parseAsync();
}
