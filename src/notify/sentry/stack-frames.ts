/** Stack frames out of V8's text, as Sentry wants them: outermost first. */
import { fileURLToPath } from 'node:url';

export interface SentryFrame {
  readonly function: string;
  readonly filename: string;
  readonly lineno?: number;
  readonly colno?: number;
  /** False for Node's own modules and packages. */
  readonly in_app: boolean;
}

const MAX_FRAMES = 50;
/** `at async Class.name [as alias] (file:1:2)`, `at file:1:2`. */
const LINE = /^\s+at (?:async )?(?:(.+?) \((.+)\)|(.+))$/;
const POSITION = /^(.*?):(\d+):(\d+)$/;

const pathOf = (place: string): string => {
  if (!place.startsWith('file://') || !URL.canParse(place)) return place;
  try {
    return fileURLToPath(place);
  } catch (error) {
    // A file URL with a host or an encoded slash is no path; it is shown as it stands.
    if (error instanceof TypeError) return place;
    throw error;
  }
};

function parseLine(line: string): SentryFrame | undefined {
  const match = LINE.exec(line);
  if (!match) return undefined;
  const place = match[2] ?? match[3] ?? '';
  const position = POSITION.exec(place);
  const filename = pathOf(position?.[1] ?? place);
  return {
    function: match[1] ?? '?',
    filename,
    ...(position ? { lineno: Number(position[2]), colno: Number(position[3]) } : {}),
    in_app: !filename.startsWith('node:') && !filename.includes('node_modules') && filename !== 'native',
  };
}

export function parseStack(stack: string): SentryFrame[] {
  const frames = stack
    .split('\n')
    .map(parseLine)
    .filter((frame) => frame !== undefined);
  return frames.slice(0, MAX_FRAMES).reverse();
}
