/** What a synthetic minidump is to hold. */

export interface ModuleSpec {
  readonly name: string;
  readonly base?: bigint;
  readonly size?: number;
  readonly time?: number;
  readonly version?: readonly [number, number, number, number];
  readonly pdb?: { readonly guid: string; readonly age: number; readonly file: string };
  readonly pdb20?: { readonly time: number; readonly age: number; readonly file: string };
  readonly buildId?: string;
}

export interface ThreadSpec {
  readonly id: number;
  readonly name?: string;
  readonly teb?: bigint;
  readonly stack?: { readonly start: bigint; readonly bytes: Buffer };
  readonly context?: Buffer;
}

export interface CrashpadSpec {
  readonly reportId: string;
  readonly clientId: string;
  readonly simple?: Readonly<Record<string, string>>;
  readonly modules?: readonly {
    readonly index: number;
    readonly list?: readonly string[];
    readonly simple?: Readonly<Record<string, string>>;
    readonly objects?: readonly { readonly name: string; readonly type: number; readonly value: string }[];
  }[];
}

export interface MinidumpSpec {
  readonly bigEndian?: boolean;
  readonly time?: number;
  readonly system?: {
    readonly arch: number;
    readonly platform: number;
    readonly level?: number;
    readonly revision?: number;
    readonly cpus?: number;
    readonly version?: readonly [number, number, number];
    readonly csd?: string;
    readonly cpu?: readonly number[];
  };
  readonly exception?: {
    readonly thread: number;
    readonly code: number;
    readonly flags?: number;
    readonly address?: bigint;
    readonly parameters?: readonly bigint[];
    readonly context?: Buffer;
  };
  readonly threads?: readonly ThreadSpec[];
  readonly modules?: readonly ModuleSpec[];
  readonly unloaded?: readonly {
    readonly name: string;
    readonly base: bigint;
    readonly size: number;
    readonly time: number;
  }[];
  readonly memory?: readonly { readonly start: bigint; readonly bytes: Buffer }[];
  readonly memory64?: readonly { readonly start: bigint; readonly bytes: Buffer }[];
  readonly memoryInfo?: number;
  readonly misc?: { readonly pid: number; readonly created: number };
  readonly breakpad?: { readonly dumpThread?: number; readonly requestingThread?: number };
  readonly assertion?: {
    readonly expression: string;
    readonly function: string;
    readonly file: string;
    readonly line: number;
  };
  readonly crashpad?: CrashpadSpec;
  readonly handles?: number;
  readonly linux?: Readonly<Partial<Record<'cpuinfo' | 'status' | 'lsb' | 'cmdline' | 'maps', string>>>;
  /** Four bytes between the count of a list and its entries, as 64-bit writers have them. */
  readonly padded?: boolean;
  /** Streams added as they are. */
  readonly raw?: readonly { readonly type: number; readonly bytes: Buffer }[];
}
