import { FIELDS } from '../../search/field-list.ts';
import { defineBackend } from '../definition.ts';
import { capabilitiesOf } from './elasticsearch-storage.ts';
import { openStorage, withIndex } from './open-index.ts';
import { type ElasticsearchSettings, elasticsearchSchema, type Label } from './settings.ts';

const plain: Label = (key) => key;

export default defineBackend<ElasticsearchSettings>({
  use: 'elasticsearch',
  schema: elasticsearchSchema,
  capabilities: ({ keep_document }) => capabilitiesOf(keep_document),
  open: (settings, { name }, label) => openStorage(settings, name, label),
  upkeep: {
    /** There is nothing like a database to create: indices are made when their week begins. */
    init: (settings, { name }, { label = plain, signal }) =>
      withIndex(settings, name, label, async (index) => {
        const lines = await index.applyFields(FIELDS, { signal });
        await index.template.checkForce({ signal });
        return lines;
      }),
    prepare: (settings, { name }, { label = plain, from, until, signal }) =>
      withIndex(settings, name, label, async (index) =>
        (await index.prepare([from, until], { signal })).map((made) => `index ${made} made`),
      ),
    wipe: (settings, { name }, { label = plain, signal }) =>
      withIndex(settings, name, label, async (index) =>
        (await index.wipe({ signal })).map((dropped) => `index ${dropped} dropped`),
      ),
  },
});
