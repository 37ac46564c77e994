/**
 * A mistake of the user's: a wrong option, a missing file, data that contradict themselves.
 *
 * The command line prints its message as one line and exits with 2; no stack trace. Messages say
 * what was expected, what was received and what to do.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Something outside the program failed: an unreadable file, a full disk, a NaN loss. One line, exit code 1. */
export class RunError extends Error {
  override readonly name = 'RunError';
}

/** `a, b or c`: the choices of an error message, nearest to what was typed first when it is given. */
export function listChoices(choices: readonly string[]): string {
  if (choices.length < 2) return choices.join('');
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
