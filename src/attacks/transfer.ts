import type { Attack, Target } from './attack.ts';

/**
 * `attack`, made on another net and then tried on the target: what an adversary can do who does not have the target,
 * but one like it, such as the checkpoint of another epoch or seed.
 *
 * Attacks by steps take all of them, and return the image with the highest loss on the surrogate: that it is fooled does not
 * say that the target is. `square`, `autoAttack` and minimal attacks still stop where the surrogate is fooled.
 *
 * `surrogate` takes the same images and gives logits of the same classes, in inference mode. Its owner disposes of it.
 * An attack on the target itself should never do less; where it does, gradients of the target are masked.
 */
export function transferred(attack: Attack, surrogate: Pick<Target, 'logits'>): Attack {
  return { ...attack, name: `transfer-${attack.name}`, logits: (images) => surrogate.logits(images) };
}
