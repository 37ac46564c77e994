// Our vectorised functions beside double precision, over the whole range of float32.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadBinding } from '../../../src/engine/onednn/binding.ts';
import { createRandom } from '../../../src/random.ts';
import { describeNative } from './support.ts';

const functions = {
  exp: Math.exp,
  sigmoid: (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  tanh: Math.tanh,
  softplus: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
} as const;

/** Units in the last place of the result, and where it is denormal, of the smallest float. */
const mostUnits = 8;

function inputs(): Float32Array {
  const random = createRandom(11).stream('floats');
  const around = Array.from({ length: 20_000 }, () => random.normal() * 4);
  const small = Array.from({ length: 2_000 }, () => random.normal() * 2 ** -random.integer(140));
  const large = Array.from({ length: 2_000 }, () => random.normal() * 60);
  return Float32Array.from([...around, ...small, ...large, 0, 88.7, -87.3, -103, -104, 1e30, -1e30]);
}

describeNative('vectorised functions', () => {
  for (const [name, exact] of Object.entries(functions)) {
    it(`${name} is right to ${mostUnits} units in the last place`, () => {
      const x = inputs();
      const y = new Float32Array(x.length);
      loadBinding()[name as keyof typeof functions](x, y);
      for (const [i, value] of x.entries()) {
        const expected = exact(value);
        if (Math.abs(expected) > 3.4028234e38) {
          assert.equal(y[i], Number.POSITIVE_INFINITY, `${name}(${value})`);
          continue;
        }
        const unit = Math.max(Math.abs(expected) * 2 ** -23, 2 ** -149);
        const units = Math.abs(y[i]! - expected) / unit;
        assert.ok(
          units <= mostUnits,
          `${name}(${value}): expected ${expected}, received ${y[i]}: ${units} units`,
        );
      }
    });
  }

  it('keep NaN and infinities', () => {
    const x = Float32Array.from([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    const of = (name: keyof typeof functions) => {
      const y = new Float32Array(3);
      loadBinding()[name](x, y);
      return [...y];
    };
    assert.deepEqual(of('exp'), [Number.NaN, Number.POSITIVE_INFINITY, 0]);
    assert.deepEqual(of('sigmoid'), [Number.NaN, 1, 0]);
    assert.deepEqual(of('tanh'), [Number.NaN, 1, -1]);
    assert.deepEqual(of('softplus'), [Number.NaN, Number.POSITIVE_INFINITY, 0]);
  });
});
