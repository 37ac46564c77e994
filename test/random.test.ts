import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../src/random.ts';

const draw = (random = createRandom(1), count = 5) => Array.from({ length: count }, () => random.uniform());

test('a stream is a function of seed and name', () => {
  const root = createRandom(7);
  draw(root, 100);
  assert.deepEqual(draw(root.stream('a')), draw(createRandom(7).stream('a')));
  assert.deepEqual(draw(root.stream('a').stream('b')), draw(root.stream('a/b')));
  assert.notDeepEqual(draw(root.stream('a')), draw(root.stream('b')));
  assert.notDeepEqual(draw(createRandom(7).stream('a')), draw(createRandom(8).stream('a')));
});

test('the numbers never change: a saved experiment stays repeatable', () => {
  const random = createRandom(1).stream('golden');
  assert.deepEqual([random.integer(1000), random.integer(1000), random.integer(1000)], [760, 182, 514]);
});

test('uniform and normal have their moments', () => {
  const random = createRandom(3);
  const uniforms = random.uniforms(20000, 0, 1);
  assert.ok(uniforms.every((u) => u >= 0 && u < 1));
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Four standard errors.
  assert.ok(Math.abs(mean(uniforms) - 0.5) < (4 * Math.sqrt(1 / 12)) / Math.sqrt(20000));
  const normals = random.normals(20000, 0, 1);
  assert.ok(Math.abs(mean(normals)) < 4 / Math.sqrt(20000));
  assert.ok(Math.abs(mean(normals.map((n) => n * n)) - 1) < (4 * Math.SQRT2) / Math.sqrt(20000));
});

test('a permutation holds every index once', () => {
  const order = createRandom(5).permutation(100);
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.notDeepEqual(
    [...order],
    [...order].sort((a, b) => a - b),
  );
});

test('seeds for libraries are positive', () => {
  const random = createRandom(0);
  for (let i = 0; i < 100; i++) assert.ok(random.integerSeed() > 0);
});
