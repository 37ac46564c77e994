import { it } from 'node:test';
import { assertAgrees, describeNative, normals, runKernel } from './support.ts';

const sizes: [[number, number], [number, number]][] = [
  [
    [4, 5],
    [8, 10],
  ],
  [
    [7, 3],
    [3, 7],
  ],
  [
    [5, 5],
    [5, 5],
  ],
  [
    [1, 1],
    [3, 4],
  ],
  [
    [6, 4],
    [1, 1],
  ],
];

const conventions = [
  { alignCorners: false, halfPixelCenters: false },
  { alignCorners: true, halfPixelCenters: false },
  { alignCorners: false, halfPixelCenters: true },
];

// `cpu` has our corrected gradients here; test/engine/gradients holds them against finite differences.
describeNative('native resizing', () => {
  for (const [from, to] of sizes) {
    for (const convention of conventions) {
      it(`${from} to ${to}, ${JSON.stringify(convention)}`, () => {
        for (const channels of [1, 3, 16]) {
          const images = () => normals('images', [2, ...from, channels]);
          const dy = () => normals('dy', [2, ...to, channels]);
          const attributes = { ...convention, size: to };
          for (const name of ['ResizeBilinear', 'ResizeNearestNeighbor']) {
            assertAgrees(name, () => runKernel(name, { images: images() }, attributes));
            const gradient = () => runKernel(`${name}Grad`, { dy: dy(), images: images() }, convention);
            assertAgrees(`${name}Grad`, gradient);
          }
        }
      });
    }
  }
});
