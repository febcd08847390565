import { join, resolve } from 'node:path';
import { SettingsError, type SettingsSchema } from '../../lib/settings.ts';
import { defineBackend, type OpenContext } from '../definition.ts';
import { fsOpenError } from './fs-errors.ts';
import { FS_CAPABILITIES, FsStorage } from './fs-storage.ts';
import { SOCORRO_FS_CAPABILITIES, SocorroFsStorage } from './socorro-storage.ts';
import { sweepTree, wipeTree } from './upkeep.ts';

interface FsOptions {
  readonly root: string;
  readonly layout: 'native' | 'socorro';
  readonly depth: number;
  readonly tree: 'radix' | 'legacy';
  readonly dated: boolean;
}

export const fsStorageSchema: SettingsSchema<FsOptions> = {
  root: {
    doc: 'Folder of the crashes; made when missing. Default: stores/NAME in the data directory.',
    format: String,
    default: '',
  },
  layout: {
    doc: "native: the layout of our own. socorro: read and write the trees of Socorro's file system stores.",
    format: ['native', 'socorro'],
    default: 'native',
  },
  depth: {
    doc: 'native: levels of 256 folders between the day and a crash, 1 to 4.',
    format: 'nat',
    default: 2,
  },
  tree: {
    doc: 'socorro: radix has a folder for each crash, legacy one for many.',
    format: ['radix', 'legacy'],
    default: 'radix',
  },
  dated: {
    doc: 'socorro: crashes are also filed by the time they came, for programs that walk that index.',
    format: Boolean,
    default: false,
  },
};

/** Settings that say nothing in the chosen layout are mistakes. */
function checkLayout({ layout, depth, tree, dated }: FsOptions, label: (key: string) => string): void {
  const wrong = (key: string, what: string): never => {
    throw new SettingsError(`${label(key)}: ${what}`);
  };
  if (layout === 'native' && tree !== 'radix') wrong('tree', 'is a setting of layout socorro');
  if (layout === 'native' && dated) wrong('dated', 'is a setting of layout socorro');
  if (layout === 'socorro' && depth !== 2)
    wrong('depth', "is a setting of layout native; in Socorro's trees each crash id says it");
  if (depth < 1 || depth > 4) wrong('depth', 'must be 1, 2, 3 or 4');
}

const rootOf = ({ root }: FsOptions, { name, dataDir }: OpenContext): string =>
  root === '' ? join(dataDir, 'stores', name) : resolve(root);

export default defineBackend<FsOptions>({
  use: 'fs',
  schema: fsStorageSchema,
  capabilities: (options) => (options.layout === 'native' ? FS_CAPABILITIES : SOCORRO_FS_CAPABILITIES),
  check: checkLayout,
  async open(options, context, label) {
    const { name } = context;
    const root = rootOf(options, context);
    const { layout, depth, tree, dated } = options;
    try {
      return layout === 'native'
        ? await FsStorage.open(name, { root, depth })
        : await SocorroFsStorage.open(name, { root, tree, dated });
    } catch (error) {
      throw fsOpenError(name, error, root, label('root'));
    }
  },
  upkeep: {
    sweep: (options, context, how) => sweepTree(context.name, rootOf(options, context), how),
    wipe: (options, context, how) => wipeTree(context.name, rootOf(options, context), how),
  },
});
