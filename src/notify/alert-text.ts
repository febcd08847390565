/** An alert as people read it. */
import type { Alert } from './alerts.ts';

const LONGEST_SUBJECT = 160;

const timeText = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** One line: a line break in a message must not become a header. */
export const subjectOf = ({ text, service }: Alert): string =>
  `[auxilio ${service}] ${text}`.replace(/\s+/g, ' ').slice(0, LONGEST_SUBJECT);

export function bodyOf({ text, job, period, error, host, at, service }: Alert): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Job', job],
    ['Period', period && `${timeText(period.from)} to ${timeText(period.to)}`],
    ['Error', error && `${error.type}: ${error.value}`],
    ['Host', host],
    ['Service', service],
    ['Time', timeText(at)],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${`${name}:`.padEnd(9)}${value}`],
  );
  return [text, '', ...lines, ...(error ? ['', error.traceback] : []), ''].join('\n');
}
