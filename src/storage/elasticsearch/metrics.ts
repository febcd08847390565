import { declareMetrics } from '../../lib/metrics.ts';

export const metrics = declareMetrics({
  storage_elasticsearch_removed_fields_total: {
    type: 'counter',
    help: 'Fields of crashes that could not be indexed as they were; each is named in removed_fields of its crash',
    labels: ['store', 'field', 'reason'],
  },
  storage_elasticsearch_overloads_total: {
    type: 'counter',
    help: 'Items that the server had no room for (429) and that were sent again',
    labels: ['store'],
  },
  storage_elasticsearch_bulk_items: {
    type: 'histogram',
    help: 'Items to a bulk request',
    labels: ['store'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  },
  storage_elasticsearch_document_bytes: {
    type: 'histogram',
    help: 'Size of what is sent of a crash, bytes',
    labels: ['store'],
    buckets: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536].map((kib) => kib * 1024),
  },
});
