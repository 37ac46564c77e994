/** Specs of tfjs-core, by name, that our engines fail on purpose, and why. */
export const deviations: Readonly<Record<string, string>> = {
  'avgPool gradient x=[3,3,1] f=[3,3] s=1 p=explicit':
    'expects the gradient that divides by the whole window; the forward pass divides by the cells in the image, and so does our gradient',
  'depthwiseConv2d gradients throws error on dilations > 1': 'we have this gradient',
  'mirrorPad grad':
    'expects the border to be cut off the gradient; ours adds it to the pixels it was copied from',
  'mirrorPad gradient with clones': 'as before',
};
