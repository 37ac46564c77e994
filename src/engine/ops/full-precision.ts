// What is computed in float32 also where the engine stores activations as bfloat16.

let depth = 0;

/** Runs `body`, whose results are float32 in any case: those that are given out, such as logits. */
export function inFullPrecision<T>(body: () => T): T {
  depth++;
  try {
    return body();
  } finally {
    depth--;
  }
}

/** Whether what runs now was asked for in float32. */
export function isFullPrecision(): boolean {
  return depth > 0;
}
