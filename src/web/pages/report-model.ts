/** What a report page is made from. */
import type { CrashId } from '../../model/crash-id.ts';
import type { ProcessedCrash } from '../../model/processed-crash.ts';
import type { DumpInfo, RawCrash } from '../../model/report.ts';
import type { ListTexts } from '../../signature/lists.ts';
import type { BugLink } from '../deps.ts';
import type { Annotations } from './annotations.ts';
import type { DumpStory } from './dump-story.ts';
import type { FieldValue } from './fields.ts';
import { address } from './format.ts';
import type { Result } from './overview.ts';
import type { VcsLinks } from './source-link.ts';
import type { Unsent } from './unsent.ts';

export const TABS = {
  details: 'Details',
  threads: 'Threads',
  modules: 'Modules',
  annotations: 'Annotations',
  signature: 'Signature',
  notes: 'Notes',
  raw: 'Raw data',
} as const;

export type Tab = keyof typeof TABS;

export const isTab = (text: string): text is Tab => Object.hasOwn(TABS, text);

export interface Report {
  readonly id: CrashId;
  readonly tab: Tab;
  /** Only what the visitor may see. */
  readonly processed: ProcessedCrash;
  readonly values: readonly FieldValue[];
  /** Fields that have a value and are hidden. */
  readonly hidden: number;
  readonly annotations: Annotations | undefined;
  /** Absent unless the visitor may see all of it. */
  readonly raw: RawCrash | undefined;
  readonly rawFailure: string | undefined;
  /** Undefined where nobody knows of bugs. */
  readonly bugs: Result<readonly BugLink[]> | undefined;
  readonly dumps: Result<readonly DumpInfo[]> | undefined;
  /** Known where the page has no stack or no module to show; else `kept`. */
  readonly dumpStory: DumpStory;
  /** Limits that the upload hit. */
  readonly limits: readonly string[];
  /** By name of a field whose value was made up. */
  readonly unsent: ReadonlyMap<string, Unsent>;
  readonly may: {
    readonly seeProtected: boolean;
    readonly seeDumps: boolean;
    readonly reprocess: boolean;
    readonly remove: boolean;
  };
  /** What the signature was made with: asked for on the tab that tells of it, and undefined when it is not kept. */
  readonly lists: Result<ListTexts | undefined>;
  readonly vcsLinks: VcsLinks;
  readonly now: Date;
  readonly formToken: string;
  /** It was just queued for reprocessing. */
  readonly queued: boolean;
  /** The one thread to show. */
  readonly thread: number | undefined;
  readonly page: number;
  readonly threadsPerPage: number;
  readonly modulesPerPage: number;
}

export const reportAddress = (
  id: CrashId,
  query: Readonly<Record<string, string | number | undefined>> = {},
): string => address(`/report/index/${id}`, query);
