/** One structured line per event on stderr: crash ids always, annotation values never. */
import { type Logger, pino } from 'pino';
import { loggedError } from './logged-error.ts';

export type Log = Logger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Synchronous on purpose: the line that explains a crash of this very process must not be lost in a buffer. */
export const createLog = (level: LogLevel = 'info'): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => loggedError(error) },
    },
    pino.destination({ fd: 2, sync: true }),
  );

/** For tests and pure library use. */
export const silentLog: Log = pino({ level: 'silent' });
