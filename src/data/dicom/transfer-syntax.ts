// How the pixels of a DICOM file are packed: PS3.5, section 10 and annex A.

export type Packing = 'plain' | 'rle' | 'jpeg' | 'jpegLs' | 'jpeg2000' | 'htJpeg2000';

export interface TransferSyntax {
  readonly name: string;
  readonly packing: Packing;
  readonly bigEndian?: boolean;
}

const prefix = '1.2.840.10008.1.2';

const readable: Readonly<Record<string, TransferSyntax>> = {
  '': { name: 'implicit little endian', packing: 'plain' },
  '.1': { name: 'explicit little endian', packing: 'plain' },
  '.1.99': { name: 'deflated explicit little endian', packing: 'plain' },
  '.2': { name: 'explicit big endian', packing: 'plain', bigEndian: true },
  '.5': { name: 'RLE', packing: 'rle' },
  '.4.50': { name: 'JPEG baseline', packing: 'jpeg' },
  '.4.51': { name: 'JPEG extended', packing: 'jpeg' },
  '.4.53': { name: 'JPEG spectral selection', packing: 'jpeg' },
  '.4.55': { name: 'JPEG full progression', packing: 'jpeg' },
  '.4.57': { name: 'JPEG lossless', packing: 'jpeg' },
  '.4.70': { name: 'JPEG lossless, first-order prediction', packing: 'jpeg' },
  '.4.80': { name: 'JPEG-LS lossless', packing: 'jpegLs' },
  '.4.81': { name: 'JPEG-LS near-lossless', packing: 'jpegLs' },
  '.4.90': { name: 'JPEG 2000 lossless', packing: 'jpeg2000' },
  '.4.91': { name: 'JPEG 2000', packing: 'jpeg2000' },
  '.4.201': { name: 'High-Throughput JPEG 2000 lossless', packing: 'htJpeg2000' },
  '.4.202': { name: 'High-Throughput JPEG 2000 lossless, RPCL', packing: 'htJpeg2000' },
  '.4.203': { name: 'High-Throughput JPEG 2000', packing: 'htJpeg2000' },
};

/** The packing of a UID; one that cannot be read throws an `Error` that names it. */
export function transferSyntax(uid: string): TransferSyntax {
  const syntax = uid.startsWith(prefix) ? readable[uid.slice(prefix.length)] : undefined;
  if (syntax) return syntax;
  throw new Error(
    `its transfer syntax ${uid} is not one that can be read. Convert it, for example to ${prefix}.1`,
  );
}
