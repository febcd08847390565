/** Limits that cost an upload a part of it, never its annotations that fit. */
export type Truncation =
  | 'compressed_size'
  | 'uncompressed_size'
  | 'ratio'
  | 'body_time'
  | 'idle_time'
  | 'parts'
  | 'part_header_size'
  | 'dumps'
  | 'dump_size'
  | 'annotations'
  | 'annotation_size'
  | 'annotations_size'
  | 'memory'
  /** Below the spool's disk reserve only annotations are kept. */
  | 'disk_reserve'
  /** The disk filled up while a dump was written. */
  | 'disk_full';
