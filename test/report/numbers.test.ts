import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatEpsilon,
  formatEstimate,
  formatInterval,
  formatSpread,
  formatValue,
} from '../../src/report/numbers.ts';

test('numbers are as long as they are sure', () => {
  const values = [0, 1, 0.9216, 0.005, 0.00012, -0.5, 12.3456, 123.4, 1234567, Number.NaN, undefined, null];
  assert.deepEqual(values.map(formatValue), [
    ...['0.000', '1.000', '0.922', '0.005', '0.00012', '-0.500', '12.346', '123', '1.23e+6', '–', '–', '–'],
  ]);
});

test('intervals and deviations stand beside values only where they are', () => {
  assert.equal(formatEstimate({ value: 0.266, low: 0.173, high: 0.385 }), '0.266 (0.17–0.39)');
  assert.equal(formatEstimate({ value: 0.266 }), '0.266');
  assert.equal(formatInterval({ low: Number.NaN, high: 1 }), '');
  assert.equal(formatSpread({ mean: 0.843, spread: 0.0123 }), '0.843 ± 0.012');
  assert.equal(formatSpread({ mean: 0.843 }), '0.843');
});

test('epsilons are fractions of 255 in linf, and decimals in other norms', () => {
  assert.deepEqual(
    [0, 2 / 255, 0.25 / 255, 0.001, 1.5 / 255, 0.1].map((epsilon) => formatEpsilon(epsilon, 'linf')),
    ['0', '2/255', '0.25/255', '0.001', '0.0059', '0.1'],
  );
  assert.equal(formatEpsilon(0.2, 'l2'), '0.2');
  assert.equal(formatEpsilon(51 / 255, 'linf'), '51/255');
});
