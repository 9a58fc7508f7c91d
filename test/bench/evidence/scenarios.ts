import type { Random } from './random.ts';

/** What one simulated deployment meets. Times in seconds since the new version's first traffic, rates from 0 to 1. */
export interface Script {
  /** Of the old version in the hour before. */
  readonly usual: number;
  readonly old: (t: number) => number;
  /** `share`: part of the traffic that the new version gets, 0 to 1. `route`: index into the routes. */
  readonly fresh: (t: number, share: number, route: number) => number;
  /** Factor on the usual load. */
  readonly load?: (t: number) => number;
  /** The observation is cut off there by the next deployment. */
  readonly until?: number;
  /** How long the old version has served, where that is less than an hour. */
  readonly oldServedFor?: number;
  /** The old version's rate in the last 5 min, where it is not the usual one. */
  readonly last5Minutes?: number;
}

export type Scenario = (random: Random) => Script;

/** Parts of the traffic. */
export const routes = [
  { pattern: '/', weight: 0.6 },
  { pattern: '/items/:id', weight: 0.3 },
  { pattern: '/cart', weight: 0.1 },
] as const;

function same(usual: number, rate: (t: number) => number = () => usual): Script {
  return { usual, old: rate, fresh: rate };
}

function broken(usual: number, fresh: number, from = 0): Scenario {
  return () => ({ usual, old: () => usual, fresh: (t) => (t >= from ? fresh : usual) });
}

/** Both versions fail at `rate` for `seconds`, which begin at any time of the observation. */
function incident(rate: number, seconds: number, usual = 0.001): Scenario {
  return (random) => {
    const begin = random() * 840;
    return same(usual, (t) => (t >= begin && t < begin + seconds ? rate : usual));
  };
}

const waves = (seconds: number) => (t: number) => (Math.floor(t / seconds) % 2 === 0 ? 2 : 0.5);

export const healthy: Record<string, Scenario> = {
  'healthy, 0 %': () => same(0),
  'healthy, 0.1 %': () => same(0.001),
  'healthy, 1 %': () => same(0.01),
  'healthy, 5 %': () => same(0.05),
  'drift 0.1 to 2 %': () => same(0.001, (t) => 0.001 + (0.019 * t) / 900),
};

export const incidents: Record<string, Scenario> = {
  'incident 30 % for 2 min': incident(0.3, 120),
  'incident 100 % for 30 s': incident(1, 30),
  'incident 5 % for 5 min': incident(0.05, 300),
};

/** Not among those the rule was designed with. */
export const unseen: Record<string, Scenario> = {
  'benign 1.3x of 1 %': () => ({ usual: 0.01, old: () => 0.01, fresh: () => 0.013 }),
  'load doubles and halves': () => ({ ...same(0.005), load: waves(60) }),
  'load doubles and halves, errors follow': () => ({
    ...same(0.005, (t) => (waves(60)(t) === 2 ? 0.015 : 0.002)),
    load: waves(60),
  }),
  'blips: 20 % for 5 s every 40 s': () => same(0.002, (t) => (t % 40 < 5 ? 0.2 : 0.001)),
  'deployment every 3 min': () => ({ ...same(0.005), until: 180, oldServedFor: 180 }),
  'deployment every 3 min in an incident': (random) => {
    const begin = random() * 120;
    return { ...same(0.005, (t) => (t >= begin && t < begin + 60 ? 0.3 : 0.005)), until: 180, oldServedFor: 180 };
  },
  'fix of a version that is 40 % bad': () => ({
    usual: 0.01,
    old: () => 0.4,
    fresh: () => 0.01,
    last5Minutes: 0.4,
  }),
};

export const coldStart: Scenario = () => ({
  usual: 0.001,
  old: () => 0.001,
  fresh: (t) => (t < 5 ? 0.2 : 0.001),
});

export const bad: Record<string, Scenario> = {
  '100 % bad, p0 0': broken(0, 1),
  '100 % bad, p0 0.1 %': broken(0.001, 1),
  '100 % bad, p0 5 %': broken(0.05, 1),
  '10x: 5 to 50 %': broken(0.05, 0.5),
  '10x: 1 to 10 %': broken(0.01, 0.1),
  '10x: 0.1 to 1 %': broken(0.001, 0.01),
  '0 to 1 %': broken(0, 0.01),
  '5x: 5 to 25 %': broken(0.05, 0.25),
  '5x: 1 to 5 %': broken(0.01, 0.05),
  '5x: 0.1 to 0.5 %': broken(0.001, 0.005),
  '2x: 5 to 10 %': broken(0.05, 0.1),
  '2x: 1 to 2 %': broken(0.01, 0.02),
  'late, 0.1 to 10 %': broken(0.001, 0.1, 600),
  'late, 0.1 to 100 %': broken(0.001, 1, 600),
  '100 % bad during a 30 % incident': () => ({ usual: 0.001, old: () => 0.3, fresh: () => 1 }),
  'one route (10 %) broken, 1 % usual': () => ({
    usual: 0.01,
    old: () => 0.01,
    fresh: (_t, _share, route) => (route === 2 ? 1 : 0.01),
  }),
  'fails under load only, 30 %': () => ({
    usual: 0.001,
    old: () => 0.001,
    fresh: (_t, share) => (share > 0.5 ? 0.3 : 0.001),
  }),
};

export const everyScenario: Readonly<Record<string, Scenario>> = {
  ...healthy,
  ...incidents,
  ...unseen,
  ...bad,
  'cold start, 20 % for 5 s': coldStart,
};
