/** A size: "512 B", "1.2 kB", "3.4 MB"; thousands, as storage is sold. Cut, never rounded up. */
export function bytes(n: number): string {
  if (n < 1000) return `${Math.max(0, Math.floor(n))} B`;
  const power = Math.min(4, Math.floor(Math.log10(n) / 3));
  const value = Math.floor((n / 1000 ** power) * 10) / 10;
  return `${value < 10 ? value.toFixed(1) : Math.floor(value)} ${"kMGT"[power - 1]}B`;
}
