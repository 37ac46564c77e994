/** The corruptions that can be matched to an attack: noise whose one amount is a standard deviation. */
export const NOISES = ['gaussianNoise', 'ricianNoise'] as const;
export type NoiseName = (typeof NOISES)[number];
