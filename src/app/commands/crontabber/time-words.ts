/** Times in words, as the original says them. */

const UNITS: readonly (readonly [string, number])[] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;

/** The two largest neighbouring units: `2 hours, 5 minutes`; the second one is left out when it is 0. */
export function timeSince(from: Date, to: Date): string {
  const seconds = Math.floor((to.getTime() - from.getTime()) / 1000);
  const at = UNITS.findIndex(([, length]) => seconds >= length);
  const unit = UNITS[at];
  if (seconds <= 0 || !unit) return '0 seconds';
  const count = Math.floor(seconds / unit[1]);
  const smaller = UNITS[at + 1];
  const rest = smaller ? Math.floor((seconds - count * unit[1]) / smaller[1]) : 0;
  return smaller && rest > 0
    ? `${counted(count, unit[0])}, ${counted(rest, smaller[0])}`
    : counted(count, unit[0]);
}

/** `2026-11-21 06:00:01`, UTC. */
export const timeText = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ');
