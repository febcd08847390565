/** An error as the log shows it. Crash data must not get there, and messages may quote it. */

const MAX_CAUSES = 5;

export interface LoggedError {
  readonly type: string;
  /** Absent when it may quote what a client sent. */
  readonly message?: string;
  readonly code?: string;
  /** The frames alone: a stack text begins with the message. */
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** Of an error that stands for several. */
  readonly errors?: readonly LoggedError[];
}

/** The lines of an error's stack below its message, which may have lines that look like frames. */
export function stackLines(error: Error): string {
  const stack = String(error.stack ?? '');
  const at = error.message === '' ? -1 : stack.indexOf(error.message);
  return at < 0 ? stack : stack.slice(at + error.message.length);
}

/** `quotes`: the messages of the error and of its causes may quote a client. */
export function loggedError(error: unknown, quotes = false, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, ...(quotes ? {} : { message: String(error) }) };
  const { code } = error as { readonly code?: unknown };
  const causes = depth < MAX_CAUSES ? causesOf(error, quotes, depth + 1) : {};
  // JSON.parse quotes what it could not read.
  const isHidden = quotes || error instanceof SyntaxError;
  return {
    type: error.name,
    ...(isHidden ? {} : { message: error.message }),
    ...(typeof code === 'string' ? { code } : {}),
    stack: stackLines(error).trim(),
    ...causes,
  };
}

function causesOf(error: Error, quotes: boolean, depth: number): Pick<LoggedError, 'cause' | 'errors'> {
  const { errors } = error as { readonly errors?: unknown };
  const isSeveral = Array.isArray(errors) && errors.length > 0;
  return {
    ...(isSeveral ? { errors: errors.slice(0, 10).map((one) => loggedError(one, quotes, depth)) } : {}),
    ...(error.cause === undefined || isSeveral ? {} : { cause: loggedError(error.cause, quotes, depth) }),
  };
}
