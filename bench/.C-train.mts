import { execFileSync } from 'node:child_process';
import { curveCase, segmentationCase, strengthCases } from './attacked-cases.ts';
const want = process.argv[2]!;
const one = [...strengthCases, segmentationCase, curveCase].find(({ experiment }) => experiment.name === want)!;
const t = Date.now();
execFileSync(process.execPath, ['--import', 'tsx', 'bench/train-net.ts', JSON.stringify(one.experiment), `/tmp/C-nets/${want}`, String(one.images), String(one.batch ?? one.experiment.data.batchSize), '1'], { stdio: 'inherit' });
console.log(want, (Date.now() - t) / 1000, 's');
