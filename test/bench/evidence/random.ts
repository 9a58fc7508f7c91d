/** Seeded numbers from 0 to 1 (sfc32, Chris Doty-Humphrey): the same seed gives the same run on every machine. */
export type Random = () => number;

export function seeded(seed: number): Random {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i += 1) next();
  return next;
}

/** How many of `n` succeed, each with probability `p`. By inversion: `n` is at most a few hundred here. */
export function binomial(random: Random, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  const ratio = p / (1 - p);
  let chance = (1 - p) ** n;
  let rest = random();
  let k = 0;
  while (rest > chance && k < n) {
    rest -= chance;
    k += 1;
    chance *= (ratio * (n - k + 1)) / k;
  }
  return k;
}

/** Events with an expected number of `mean`. By inversion; a large mean in parts. */
export function poisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 60) return poisson(random, mean / 2) + poisson(random, mean / 2);
  let chance = Math.exp(-mean);
  let rest = random();
  let k = 0;
  while (rest > chance && k < 1_000) {
    rest -= chance;
    k += 1;
    chance *= mean / k;
  }
  return k;
}
