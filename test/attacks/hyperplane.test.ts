import assert from 'node:assert/strict';
import { test } from 'node:test';
import { project } from '../../src/attacks/hyperplane.ts';
import { norms } from '../../src/attacks/norms.ts';
import { createRandom } from '../../src/random.ts';

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const between = (a: Float32Array, b: Float32Array) => a.map((value, i) => value - b[i]!);

for (const norm of ['linf', 'l2', 'l1'] as const) {
  test(`${norm}: the point is in [0, 1], on the plane, and no other such point is nearer`, () => {
    const random = createRandom(3);
    for (let i = 0; i < 60; i++) {
      const size = 1 + random.integer(6);
      // Some values at the border of the box, some slopes 0.
      const x = random.uniforms(size, -0.3, 1.3).map((value) => Math.min(1, Math.max(0, value)));
      const slope = random.normals(size, 0, 1).map((value) => (random.uniform() < 0.2 ? 0 : value));
      const onPlane = random.uniforms(size, 0, 1);
      const plane = { slope, offset: -dot(slope, onPlane) };
      const z = project(x, plane, norm);
      assert.ok(z.every((value) => value >= 0 && value <= 1));
      assert.ok(Math.abs(dot(slope, z) + plane.offset) < 1e-5, `${dot(slope, z) + plane.offset}`);
      const distance = norms[norm].length(between(z, x));
      for (let k = 0; k < 300; k++) {
        // Other points of the plane: from near the projection, by a step within the plane.
        const spread = 10 ** (-3 * random.uniform());
        const tried = z.map((value) => value + spread * (random.uniform() * 2 - 1));
        const excess = (dot(slope, tried) + plane.offset) / Math.max(dot(slope, slope), 1e-12);
        const other = tried.map((value, j) => value - excess * slope[j]!);
        if (other.some((value) => value < 0 || value > 1)) continue;
        assert.ok(norms[norm].length(between(other, x)) >= distance - 1e-5);
      }
    }
  });
}

test('a plane that the box does not reach: as near to it as the box goes', () => {
  const plane = { slope: new Float32Array([1, -2]), offset: -9 };
  for (const norm of ['linf', 'l2', 'l1'] as const) {
    assert.deepEqual(Array.from(project(new Float32Array([0.5, 0.5]), plane, norm)), [1, 0]);
  }
});
