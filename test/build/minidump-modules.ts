/** The streams of modules: loaded ones with their code view records, unloaded ones. */
import type { MinidumpOut } from './minidump-out.ts';
import type { MinidumpSpec, ModuleSpec } from './minidump-spec.ts';

function codeView(out: MinidumpOut, m: ModuleSpec): Buffer | undefined {
  if (m.pdb) {
    const head = Buffer.concat([out.pack([32, 0x53445352]), out.guid(m.pdb.guid), out.pack([32, m.pdb.age])]);
    return Buffer.concat([head, Buffer.from(`${m.pdb.file}\0`)]);
  }
  if (m.pdb20) {
    const head = out.pack([32, 0x3031424e], [32, 0], [32, m.pdb20.time], [32, m.pdb20.age]);
    return Buffer.concat([head, Buffer.from(`${m.pdb20.file}\0`)]);
  }
  if (m.buildId !== undefined)
    return Buffer.concat([out.pack([32, 0x4270454c]), Buffer.from(m.buildId, 'hex')]);
  return undefined;
}

export function writeModules(out: MinidumpOut, spec: MinidumpSpec): void {
  const modules = spec.modules;
  if (!modules) return;
  const entries = modules.map((m) => {
    const name = out.string(m.name);
    const record = codeView(out, m);
    const at = record ? out.add(record) : 0;
    const v = m.version;
    const version = v
      ? out.pack([32, 0xfeef04bd], [32, 0x10000], [32, v[0]], [32, v[1]], [32, v[2]], [32, v[3]])
      : Buffer.alloc(24);
    return Buffer.concat([
      out.pack([64, m.base ?? 0n], [32, m.size ?? 0x1000], [32, 0], [32, m.time ?? 0], [32, name]),
      version,
      Buffer.alloc(28),
      out.pack([32, record?.length ?? 0], [32, at], [32, 0], [32, 0], [64, 0], [64, 0]),
    ]);
  });
  out.stream(4, out.list(entries.length, entries));
}

export function writeUnloadedModules(out: MinidumpOut, spec: MinidumpSpec): void {
  const modules = spec.unloaded;
  if (!modules) return;
  const entries = modules.map((m) =>
    out.pack([64, m.base], [32, m.size], [32, 0], [32, m.time], [32, out.string(m.name)]),
  );
  out.stream(14, Buffer.concat([out.pack([32, 12], [32, 24], [32, entries.length]), ...entries]));
}
