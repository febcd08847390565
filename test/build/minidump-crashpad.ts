/** What Crashpad adds: annotations of the process and of each module. */
import type { MinidumpOut } from './minidump-out.ts';
import type { MinidumpSpec } from './minidump-spec.ts';

function dictionary(
  out: MinidumpOut,
  values: Readonly<Record<string, string>> | undefined,
): readonly [number, number] {
  const entries = Object.entries(values ?? {});
  if (entries.length === 0) return [0, 0];
  const packed = entries.map(([k, v]) => out.pack([32, out.utf8(k)], [32, out.utf8(v)]));
  const bytes = Buffer.concat([out.pack([32, packed.length]), ...packed]);
  return [bytes.length, out.add(bytes)];
}

function located(out: MinidumpOut, count: number, entries: readonly Buffer[]): readonly [number, number] {
  if (count === 0) return [0, 0];
  const bytes = Buffer.concat([out.pack([32, count]), ...entries]);
  return [bytes.length, out.add(bytes)];
}

export function writeCrashpad(out: MinidumpOut, spec: MinidumpSpec): void {
  const c = spec.crashpad;
  if (!c) return;
  const links = (c.modules ?? []).map((m) => {
    const list = located(
      out,
      m.list?.length ?? 0,
      (m.list ?? []).map((t) => out.pack([32, out.utf8(t)])),
    );
    const simple = dictionary(out, m.simple);
    const objects = located(
      out,
      m.objects?.length ?? 0,
      (m.objects ?? []).map((o) =>
        out.pack([32, out.utf8(o.name)], [16, o.type], [16, 0], [32, out.utf8(o.value)]),
      ),
    );
    const info = out.pack(
      [32, 1],
      [32, list[0]],
      [32, list[1]],
      [32, simple[0]],
      [32, simple[1]],
      [32, objects[0]],
      [32, objects[1]],
    );
    return out.pack([32, m.index], [32, info.length], [32, out.add(info)]);
  });
  const simple = dictionary(out, c.simple);
  const modules = located(out, links.length, links);
  const head = Buffer.concat([out.pack([32, 1]), out.guid(c.reportId), out.guid(c.clientId)]);
  const tail = out.pack(
    [32, simple[0]],
    [32, simple[1]],
    [32, modules[0]],
    [32, modules[1]],
    [32, 0],
    [64, 0],
  );
  out.stream(0x43500001, Buffer.concat([head, tail]));
}
