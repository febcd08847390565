/** Where the processor keeps results that no store would take. */
import { join } from 'node:path';
import type { Configuration } from './config/configuration.ts';

export const unsavedFolder = ({ dataDir }: Configuration): string => join(dataDir, 'processor', 'unsaved');
