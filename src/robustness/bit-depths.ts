/** Bits a value with which images are stored. */
export type BitDepth = 8 | 12 | 16;

export const BIT_DEPTHS: readonly BitDepth[] = [8, 12, 16];
