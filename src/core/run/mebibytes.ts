/** Bytes as errors show them. */
export const mebibyte: number = 2 ** 20;
export const mebibytes = (bytes: number): string => `${(bytes / mebibyte).toFixed(1)} MiB`;
