import type { CommandModule } from 'yargs';
import { downloadCommand } from './data-download.ts';
import { inspectCommand } from './data-inspect.ts';

export const dataCommand: CommandModule = {
  command: 'data',
  describe: 'Look into data before training on them, or download open ones',
  builder: (parser) =>
    parser
      .command(inspectCommand)
      .command(downloadCommand)
      .demandCommand(1, 'Expected what to do with data: inspect or download.'),
  handler() {},
};
