/** What is counted of one version: units (clients, requests or probes) and how many of them were bad. */
export interface Tally {
  readonly units: number;
  readonly bad: number;
}

export type Version = 'new' | 'old';

/** Both versions, counted in the same time. */
export interface Tallies {
  readonly new: Tally;
  readonly old: Tally;
}

const nothing: Tally = { units: 0, bad: 0 };
export const noTallies: Tallies = { new: nothing, old: nothing };

export function plus(tally: Tally, units: number, bad: number): Tally {
  return { units: tally.units + units, bad: tally.bad + bad };
}

export function addTo(tallies: Tallies, version: Version, units: number, bad: number): Tallies {
  return version === 'new'
    ? { new: plus(tallies.new, units, bad), old: tallies.old }
    : { new: tallies.new, old: plus(tallies.old, units, bad) };
}

export function sumOf(a: Tallies, b: Tallies): Tallies {
  return { new: plus(a.new, b.new.units, b.new.bad), old: plus(a.old, b.old.units, b.old.bad) };
}

/** Bad units of all, 0 to 1; 0 where there is nothing. */
export function rateOf(tally: Tally): number {
  return tally.units === 0 ? 0 : tally.bad / tally.units;
}

/** "12.4 %", with two digits that mean something. */
export function percent(rate: number): string {
  const value = rate * 100;
  if (value === 0) return '0 %';
  const digits = value >= 10 ? 1 : Math.min(4, 1 - Math.floor(Math.log10(value)));
  return `${Number(value.toFixed(digits))} %`;
}
