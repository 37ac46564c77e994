// CRC-32C (Castagnoli), the checksum of TFRecord files.

const reflectedPolynomial = 0x82f63b78;

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? reflectedPolynomial : 0);
  }
  return remainder;
});

/** The CRC-32C of `bytes`, an unsigned 32-bit integer; that of the ASCII digits `123456789` is 0xe3069283. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // By index: an iterator takes several times as long, and pictures are long.
  for (let i = 0; i < bytes.length; i++)
    crc = (crc >>> 8) ^ (remainders[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** A CRC that may itself be stored in checksummed data: rotated, plus a constant, as TFRecord defines. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
