/** The bytes of a `.npy` file of version 1. */
export function npyBytes(type: string, shape: readonly number[], values: Uint8Array): Uint8Array {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n}, `).join('')}), }\n`;
  const head = Buffer.from(`\x93NUMPY\x01\0${String.fromCharCode(header.length, 0)}${header}`, 'latin1');
  return Buffer.concat([head, values]);
}
