import * as tf from '@tensorflow/tfjs';
const root = process.env.ROOT ?? '/tmp/wt-A';
const { gradient } = await import(`${root}/src/attacks/gradient.ts`);
const { useEngine } = await import(`${root}/src/engine/engine.ts`);
const { profileKernels } = await import(`${root}/src/engine/profile.ts`);
const { inference } = await import(`${root}/src/robustness/target.ts`);
const { prepareCase } = await import(`${root}/bench/case.ts`);
const { readFileSync } = await import('node:fs');
const [names, passes, precision] = process.argv.slice(2);
const cases = JSON.parse(readFileSync(`${root}/bench/cases.json`, 'utf8'));
await useEngine('onednn', { threads: Number(process.env.THREADS ?? 1), precision });
for (const name of names.split(',')) for (const pass of passes.split(',')) {
  const { net, loss, batch, train } = prepareCase(cases.find((c: any) => c.name.startsWith(name)));
  const target = inference(net.model);
  const run: any = {
    train,
    inputGradient: () => tf.tidy(() => gradient((images: any) => loss(target.logits(images), batch.labels), batch.images).sum().dataSync()),
    inference: () => tf.tidy(() => target.logits(batch.images).sum().dataSync()),
  };
  for (let i = 1; i <= 3; i++) await run[pass](i);
  const times = [];
  for (let i = 4; i < 14; i++) { const t = performance.now(); await run[pass](i); times.push(performance.now() - t); }
  const n = 5;
  const k = await profileKernels('onednn', async () => { for (let i = 0; i < n; i++) await run[pass](20 + i); });
  const total = k.reduce((s: number, x: any) => s + x.milliseconds, 0) / n;
  console.log(`${name} ${pass} ${precision}: median ${times.sort((a, b) => a - b)[5]!.toFixed(1)} min ${times[0]!.toFixed(1)} kernels ${total.toFixed(1)}: ` +
    k.slice(0, 14).map((x: any) => `${x.kernel}${x.where === 'native' ? '' : '(js)'} ${(x.milliseconds / n).toFixed(2)}/${x.calls / n}`).join(', '));
}
process.exit(0);
