/** A checksum against damage by accident: CRC-32 as in zip and png. */

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

/** Eight hexadecimal digits. */
export function checksum(bytes: Uint8Array): string {
  let remainder = 0xffffffff;
  for (let k = 0; k < bytes.length; k++)
    remainder = (remainder >>> 8) ^ table[(remainder ^ bytes[k]!) & 255]!;
  return (~remainder >>> 0).toString(16).padStart(8, "0");
}
