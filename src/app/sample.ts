/** The bundled sample crash, and the symbols that belong to it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const sampleFolder = fileURLToPath(new URL('../web/sample', import.meta.url));

/** Asked after every configured folder: it has the symbols of the sample and of nothing else. */
export const sampleSymbols = join(sampleFolder, 'symbols');
