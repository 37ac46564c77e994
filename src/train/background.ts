// Writing that goes on while the next epoch trains.

export interface Background {
  /** Begins `task` once all tasks before it are done; never, where one of them has failed. */
  add(task: () => Promise<void> | void): void;
  /** Whether a task is not done yet. */
  readonly busy: boolean;
  /** Throws what a task has failed with. */
  check(): void;
  /** Waits until all tasks are done, then does as `check`. */
  settle(): Promise<void>;
}

/** Tasks one after the other, in the order in which they were added: of two files, the second is never there without the first. */
export function createBackground(): Background {
  let failure: { readonly error: unknown } | undefined;
  let last = Promise.resolve();
  let left = 0;
  const check = () => {
    if (failure) throw failure.error;
  };
  return {
    add(task) {
      left++;
      last = last.then(async () => {
        try {
          if (!failure) await task();
        } catch (error) {
          failure = { error };
        } finally {
          left--;
        }
      });
    },
    get busy() {
      return left > 0;
    },
    check,
    async settle() {
      await last;
      check();
    },
  };
}
