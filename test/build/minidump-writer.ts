/** Writes synthetic minidumps, one method for each stream; longer than other files because the streams share it. */
import { Bytes, pack } from './minidump-bytes.ts';
import type { MinidumpSpec, ModuleSpec } from './minidump-spec.ts';

export class MinidumpWriter {
  readonly #spec: MinidumpSpec;
  readonly #big: boolean;
  readonly #out = new Bytes();
  readonly #directory: { type: number; size: number; rva: number }[] = [];

  constructor(spec: MinidumpSpec) {
    this.#spec = spec;
    this.#big = spec.bigEndian ?? false;
    this.#out.add(Buffer.alloc(32));
  }

  #pack(...fields: readonly (readonly [8 | 16 | 32 | 64, number | bigint])[]): Buffer {
    return pack(this.#big, ...fields);
  }

  #utf16(text: string): Buffer {
    const bytes = Buffer.from(text, 'utf16le');
    return this.#big ? bytes.swap16() : bytes;
  }

  #string(text: string): number {
    const bytes = this.#utf16(`${text}\0`);
    return this.#out.add(Buffer.concat([this.#pack([32, bytes.length - 2]), bytes]));
  }

  #utf8(text: string): number {
    const bytes = Buffer.from(`${text}\0`, 'utf8');
    return this.#out.add(Buffer.concat([this.#pack([32, bytes.length - 1]), bytes]));
  }

  #stream(type: number, bytes: Buffer): void {
    this.#directory.push({ type, size: bytes.length, rva: this.#out.add(bytes) });
  }

  #list(count: number, entries: readonly Buffer[]): Buffer {
    const padding = this.#spec.padded ? [Buffer.alloc(4)] : [];
    return Buffer.concat([this.#pack([32, count]), ...padding, ...entries]);
  }

  #system(): void {
    const s = this.#spec.system;
    if (!s) return;
    const csd = s.csd === undefined ? 0 : this.#string(s.csd);
    const [major = 0, minor = 0, build = 0] = s.version ?? [];
    const head = this.#pack(
      [16, s.arch],
      [16, s.level ?? 6],
      [16, s.revision ?? 0],
      [8, s.cpus ?? 4],
      [8, 1],
    );
    const rest = this.#pack(
      [32, major],
      [32, minor],
      [32, build],
      [32, s.platform],
      [32, csd],
      [16, 0],
      [16, 0],
    );
    const cpu = Array.from({ length: 6 }, (_, i): readonly [32, number] => [32, s.cpu?.[i] ?? 0]);
    this.#stream(7, Buffer.concat([head, rest, this.#pack(...cpu)]));
  }

  #threads(): void {
    const threads = this.#spec.threads;
    if (!threads) return;
    const entries = threads.map((t) => {
      const stack = t.stack ? this.#out.add(t.stack.bytes) : 0;
      const context = t.context ? this.#out.add(t.context) : 0;
      return this.#pack(
        [32, t.id],
        [32, 0],
        [32, 0],
        [32, 0],
        [64, t.teb ?? 0n],
        [64, t.stack?.start ?? 0n],
        [32, t.stack?.bytes.length ?? 0],
        [32, stack],
        [32, t.context?.length ?? 0],
        [32, context],
      );
    });
    this.#stream(3, this.#list(entries.length, entries));
    const named = threads.filter((t) => t.name !== undefined);
    if (named.length === 0) return;
    const names = named.map((t) => this.#pack([32, t.id], [64, this.#string(t.name ?? '')]));
    this.#stream(24, this.#list(names.length, names));
  }

  #guid(text: string): Buffer {
    const hex = text.replaceAll('-', '');
    const part = (from: number, to: number): number => Number.parseInt(hex.slice(from, to), 16);
    return Buffer.concat([
      this.#pack([32, part(0, 8)], [16, part(8, 12)], [16, part(12, 16)]),
      Buffer.from(hex.slice(16), 'hex'),
    ]);
  }

  #codeView(m: ModuleSpec): Buffer | undefined {
    if (m.pdb) {
      const head = Buffer.concat([
        this.#pack([32, 0x53445352]),
        this.#guid(m.pdb.guid),
        this.#pack([32, m.pdb.age]),
      ]);
      return Buffer.concat([head, Buffer.from(`${m.pdb.file}\0`)]);
    }
    if (m.pdb20) {
      const head = this.#pack([32, 0x3031424e], [32, 0], [32, m.pdb20.time], [32, m.pdb20.age]);
      return Buffer.concat([head, Buffer.from(`${m.pdb20.file}\0`)]);
    }
    if (m.buildId !== undefined)
      return Buffer.concat([this.#pack([32, 0x4270454c]), Buffer.from(m.buildId, 'hex')]);
    return undefined;
  }

  #modules(): void {
    const modules = this.#spec.modules;
    if (!modules) return;
    const entries = modules.map((m) => {
      const name = this.#string(m.name);
      const record = this.#codeView(m);
      const at = record ? this.#out.add(record) : 0;
      const v = m.version;
      const version = v
        ? this.#pack([32, 0xfeef04bd], [32, 0x10000], [32, v[0]], [32, v[1]], [32, v[2]], [32, v[3]])
        : Buffer.alloc(24);
      return Buffer.concat([
        this.#pack([64, m.base ?? 0n], [32, m.size ?? 0x1000], [32, 0], [32, m.time ?? 0], [32, name]),
        version,
        Buffer.alloc(28),
        this.#pack([32, record?.length ?? 0], [32, at], [32, 0], [32, 0], [64, 0], [64, 0]),
      ]);
    });
    this.#stream(4, this.#list(entries.length, entries));
  }

  #unloaded(): void {
    const modules = this.#spec.unloaded;
    if (!modules) return;
    const entries = modules.map((m) =>
      this.#pack([64, m.base], [32, m.size], [32, 0], [32, m.time], [32, this.#string(m.name)]),
    );
    this.#stream(14, Buffer.concat([this.#pack([32, 12], [32, 24], [32, entries.length]), ...entries]));
  }

  #memory(): void {
    const { memory, memory64, memoryInfo } = this.#spec;
    if (memory) {
      const entries = memory.map((m) =>
        this.#pack([64, m.start], [32, m.bytes.length], [32, this.#out.add(m.bytes)]),
      );
      this.#stream(5, this.#list(entries.length, entries));
    }
    if (memoryInfo !== undefined) {
      const head = this.#pack([32, 16], [32, 48], [64, memoryInfo]);
      this.#stream(16, Buffer.concat([head, Buffer.alloc(48 * memoryInfo)]));
    }
    if (memory64) {
      const at = this.#out.add(Buffer.concat(memory64.map((m) => m.bytes)));
      const entries = memory64.map((m) => this.#pack([64, m.start], [64, m.bytes.length]));
      this.#stream(9, Buffer.concat([this.#pack([64, entries.length], [64, at]), ...entries]));
    }
  }

  #exception(): void {
    const e = this.#spec.exception;
    if (!e) return;
    const context = e.context ? this.#out.add(e.context) : 0;
    const parameters = Array.from({ length: 15 }, (_, i): readonly [64, bigint] => [
      64,
      e.parameters?.[i] ?? 0n,
    ]);
    const head = this.#pack(
      [32, e.thread],
      [32, 0],
      [32, e.code],
      [32, e.flags ?? 0],
      [64, 0],
      [64, e.address ?? 0n],
      [32, e.parameters?.length ?? 0],
      [32, 0],
    );
    const tail = this.#pack(...parameters, [32, e.context?.length ?? 0], [32, context]);
    this.#stream(6, Buffer.concat([head, tail]));
  }

  #dictionary(values: Readonly<Record<string, string>> | undefined): readonly [number, number] {
    const entries = Object.entries(values ?? {});
    if (entries.length === 0) return [0, 0];
    const packed = entries.map(([k, v]) => this.#pack([32, this.#utf8(k)], [32, this.#utf8(v)]));
    const bytes = Buffer.concat([this.#pack([32, packed.length]), ...packed]);
    return [bytes.length, this.#out.add(bytes)];
  }

  #located(count: number, entries: readonly Buffer[]): readonly [number, number] {
    if (count === 0) return [0, 0];
    const bytes = Buffer.concat([this.#pack([32, count]), ...entries]);
    return [bytes.length, this.#out.add(bytes)];
  }

  #crashpad(): void {
    const c = this.#spec.crashpad;
    if (!c) return;
    const links = (c.modules ?? []).map((m) => {
      const list = this.#located(
        m.list?.length ?? 0,
        (m.list ?? []).map((t) => this.#pack([32, this.#utf8(t)])),
      );
      const simple = this.#dictionary(m.simple);
      const objects = this.#located(
        m.objects?.length ?? 0,
        (m.objects ?? []).map((o) =>
          this.#pack([32, this.#utf8(o.name)], [16, o.type], [16, 0], [32, this.#utf8(o.value)]),
        ),
      );
      const info = this.#pack(
        [32, 1],
        [32, list[0]],
        [32, list[1]],
        [32, simple[0]],
        [32, simple[1]],
        [32, objects[0]],
        [32, objects[1]],
      );
      return this.#pack([32, m.index], [32, info.length], [32, this.#out.add(info)]);
    });
    const simple = this.#dictionary(c.simple);
    const modules = this.#located(links.length, links);
    const head = Buffer.concat([this.#pack([32, 1]), this.#guid(c.reportId), this.#guid(c.clientId)]);
    const tail = this.#pack(
      [32, simple[0]],
      [32, simple[1]],
      [32, modules[0]],
      [32, modules[1]],
      [32, 0],
      [64, 0],
    );
    this.#stream(0x43500001, Buffer.concat([head, tail]));
  }

  #small(): void {
    const { misc, breakpad, assertion, handles, linux, raw } = this.#spec;
    if (misc)
      this.#stream(15, this.#pack([32, 24], [32, 3], [32, misc.pid], [32, misc.created], [32, 1], [32, 2]));
    if (breakpad) {
      const { dumpThread, requestingThread } = breakpad;
      const validity = (dumpThread === undefined ? 0 : 1) | (requestingThread === undefined ? 0 : 2);
      this.#stream(
        0x47670001,
        this.#pack([32, validity], [32, dumpThread ?? 0], [32, requestingThread ?? 0]),
      );
    }
    if (assertion) {
      const text = (value: string): Buffer =>
        Buffer.concat([this.#utf16(value), Buffer.alloc(256)]).subarray(0, 256);
      const parts = [text(assertion.expression), text(assertion.function), text(assertion.file)];
      this.#stream(0x47670002, Buffer.concat([...parts, this.#pack([32, assertion.line], [32, 0])]));
    }
    if (handles !== undefined) this.#stream(12, this.#pack([32, 16], [32, 32], [32, handles], [32, 0]));
    const types = {
      cpuinfo: 0x47670003,
      status: 0x47670004,
      lsb: 0x47670005,
      cmdline: 0x47670006,
      maps: 0x47670009,
    };
    for (const [name, text] of Object.entries(linux ?? {}))
      this.#stream(types[name as keyof typeof types], Buffer.from(text));
    for (const { type, bytes } of raw ?? []) this.#stream(type, bytes);
  }

  build(): Buffer {
    this.#system();
    this.#exception();
    this.#threads();
    this.#modules();
    this.#unloaded();
    this.#memory();
    this.#crashpad();
    this.#small();
    const entries = this.#directory.map((d) => this.#pack([32, d.type], [32, d.size], [32, d.rva]));
    const directory = this.#out.add(Buffer.concat(entries));
    const bytes = this.#out.join();
    this.#pack(
      [32, 0x504d444d],
      [32, 0xa793],
      [32, entries.length],
      [32, directory],
      [32, 0],
      [32, this.#spec.time ?? 0],
      [64, 0],
    ).copy(bytes, 0);
    return bytes;
  }
}
