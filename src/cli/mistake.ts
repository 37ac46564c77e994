import { UsageError } from '../errors.ts';

/** Ours of what the parser of the command line says of `words`: what was expected, what was received, what to do. */
export function mistake(message: string, words: readonly string[]): UsageError {
  const command = words.slice(0, words[0] === 'data' ? 2 : 1).join(' ');
  const help = `"medrobust ${command} --help" shows what there is.`;
  const [, meant] = /^Did you mean (.*)\?$/.exec(message) ?? [];
  if (meant) return new UsageError(`There is no command "${command}". Did you mean ${meant}?`);
  if (/^Not enough non-option arguments/.test(message))
    return new UsageError(`medrobust ${command}: something to work on is missing. ${help}`);
  const [, option] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (option) return new UsageError(`--${option}: expected a value after it, received none. ${help}`);
  const line = message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '');
  return new UsageError(/^(Unknown|Missing|Invalid) /.test(line) ? `${line}. ${help}` : message);
}
