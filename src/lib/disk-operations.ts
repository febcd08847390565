/** The single operations of a disk; `disk.ts` says what they are for. */

/** A file being written. Bytes written are durable after `sync`; its name is durable after its folder was synced. */
export interface DiskFile {
  write(bytes: Uint8Array | readonly Uint8Array[]): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DiskOperations {
  /**
   * Creates a new file for writing (`wx`), or opens one to append (`a`). `syncsAll` says that each write will be followed
   * by a sync: then the disk may do both at once.
   */
  open(path: string, mode: 'create' | 'append', hint?: { readonly syncsAll?: boolean }): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /**
   * Makes a folder and its missing parents, each of which is durable when this resolves; with `sync: false`
   * (a folder to be renamed or thrown away) it may be gone after a power cut. True when it is new.
   */
  makeFolder(path: string, options?: { readonly sync?: boolean }): Promise<boolean>;
  removeFolder(path: string): Promise<void>;
  /** Makes names created, renamed or removed in a folder durable. Calls that come while one runs share the next one. */
  syncFolder(path: string): Promise<void>;
}
