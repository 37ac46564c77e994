import type { Side } from './processes.ts';
import type { Row } from './rows.ts';

/** What bench/attacks.ts prints. */
interface Figures {
  readonly engine: string;
  readonly side: number;
  readonly images: number;
  readonly batch: number;
  readonly secondsPerBatch: number;
  readonly gradientsPerImage: number;
  readonly peakMegabytes: number;
}

/** Time of a batch, and memory, of attacks that take much of either. */
export function* attackFigures(side: Side): Generator<Row> {
  for (const attack of ['deepFool', 'jsma']) {
    const found = side.ours<Figures>('attacks.ts', [attack]);
    const { engine, side: pixels, images, batch, secondsPerBatch, gradientsPerImage, peakMegabytes } = found;
    yield {
      kind: 'attack',
      name: `${attack}, ${pixels} × ${pixels} × 3, batches of ${batch}`,
      precision: 'f32',
      engine,
      oursMs: secondsPerBatch * 1000,
      oursPeakMb: peakMegabytes,
      images,
      gradients: gradientsPerImage,
      threads: side.threads,
      rounds: 1,
      seconds: side.seconds,
    };
  }
}
