/** Which step of its epoch a batch belongs to, and which part of it it is. */
export interface StepPart {
  /** Of the step, in its epoch; the first is 0. */
  readonly index: number;
  /** In the epoch. */
  readonly steps: number;
  /** Of the batch, in its step; the first is 0. */
  readonly part: number;
  /** Whether the step ends with it. */
  readonly isLast: boolean;
}

/** Of batch number `batch`, out of `batches` an epoch, of which a step takes `accumulate`; the last one may take fewer. */
export function stepPart(
  batch: number,
  { batches, accumulate = 1 }: { readonly batches: number; readonly accumulate?: number | undefined },
): StepPart {
  const part = batch % accumulate;
  return {
    index: Math.floor(batch / accumulate),
    steps: Math.ceil(batches / accumulate),
    part,
    isLast: part === accumulate - 1 || batch === batches - 1,
  };
}
