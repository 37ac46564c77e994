import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { diagnose } from '../../src/engine/doctor.ts';
import { type EngineName, engineNames, probeEngines, useEngine } from '../../src/engine/engine.ts';

after(() => useEngine('auto'));

it('auto takes the first engine that works, and says why it passed over others', async () => {
  const probed = await probeEngines();
  const first = probed.find(({ works }) => works);
  const engine = await useEngine('auto');
  assert.equal(engine.name, first?.name);
  const before = engineNames.slice(0, engineNames.indexOf(engine.name));
  assert.deepEqual(
    engine.skipped.map(({ name }) => name),
    before,
  );
  for (const { reason } of engine.skipped) assert.match(reason, /^.{3,150}$/);
});

it('probing leaves the engine as it was', async () => {
  await useEngine('cpu');
  await probeEngines();
  assert.equal(tf.getBackend(), 'cpu');
});

it('plain JavaScript always works, and says how to get faster', async () => {
  const { name, description, threads } = await useEngine('cpu');
  assert.equal(name, 'cpu');
  assert.equal(threads, 1);
  assert.match(description, /npm run build:native/);
});

it('gives the same loss on every engine that works', async () => {
  const losses: number[] = [];
  for (const { name, works } of await probeEngines()) {
    if (!works) continue;
    await useEngine(name);
    const loss = tf.tidy(() => {
      const image = tf.reshape(tf.linspace(0, 1, 2 * 6 * 6 * 3), [2, 6, 6, 3]) as tf.Tensor4D;
      const filter = tf.reshape(tf.linspace(-1, 1, 3 * 3 * 3 * 4), [3, 3, 3, 4]) as tf.Tensor4D;
      return tf.mean(tf.relu(tf.conv2d(image, filter, 2, 'same'))).dataSync()[0]!;
    });
    losses.push(loss);
  }
  for (const loss of losses) assert.ok(Math.abs(loss - losses[0]!) < 1e-5, `${losses}`);
});

it('refuses an engine that does not exist, and threads that cannot be', async () => {
  await assert.rejects(useEngine('gpu' as EngineName), {
    name: 'UsageError',
    message: /no engine "gpu".*onednn/,
  });
  await assert.rejects(useEngine('auto', { threads: 0 }), { name: 'UsageError', message: /threads/ });
});

it('the doctor looks at everything', async () => {
  const { checks } = await diagnose();
  const names = checks.map(({ name }) => name);
  for (const name of ['node', 'C++ compiler', 'oneDNN', 'threads', 'sharp', 'disk', 'engine cpu']) {
    assert.ok(names.includes(name), name);
  }
  for (const { ok, detail, advice } of checks) {
    assert.ok(detail.length > 0);
    if (!ok) assert.ok(advice);
  }
});
