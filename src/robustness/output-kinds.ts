/** What a net gives: scores before the softmax, the probabilities after it, or after a sigmoid that of the second class. */
export type Outputs = 'logits' | 'softmax' | 'sigmoid';

export const OUTPUTS: readonly Outputs[] = ['logits', 'softmax', 'sigmoid'];
