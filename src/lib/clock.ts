/** Time is passed in, so that tests own it. `Date` inside, ISO text on the wire, UTC everywhere. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** `YYYY-MM-DD`, UTC. */
export const isoDay = (date: Date): string => date.toISOString().slice(0, 10);

export const DAY_MS = 86_400_000;

export const daysBefore = (date: Date, days: number): Date => new Date(date.getTime() - days * DAY_MS);
