import type { CommandModule } from 'yargs';
import { downloadCommand } from './data-download.ts';
import { inspectCommand } from './data-inspect.ts';
import { COMMANDS } from './overview.ts';

export const dataCommand: CommandModule = {
  ...COMMANDS.data,
  builder: (parser) =>
    parser
      .command(inspectCommand)
      .command(downloadCommand)
      .demandCommand(1, 'Expected what to do with data: inspect or download.'),
  handler() {},
};
