/**
 * Under which names the site may be called. A page of somebody else's whose name is made to resolve to
 * 127.0.0.1 (DNS rebinding) is same-origin to the browser; only the Host header gives it away.
 */

const PORT = /:(\d{1,5})$/;

function split(host: string): { readonly name: string; readonly port: string | undefined } {
  const port = PORT.exec(host)?.[1];
  const bracketed = host.startsWith('[');
  if (port === undefined || (bracketed && !host.includes(']:')) || (!bracketed && /:.*:/.test(host)))
    return { name: host.toLowerCase(), port: undefined };
  return { name: host.slice(0, -port.length - 1).toLowerCase(), port };
}

/** `::1` as it stands in a Host header, `[::1]`. */
const asHeader = (host: string): string => (/:.*:/.test(host) && !host.startsWith('[') ? `[${host}]` : host);

export class AllowedHosts {
  readonly #names: ReadonlySet<string>;

  /** Names with or without port; with one, only that port will do. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => asHeader(name.trim().toLowerCase())).filter(Boolean));
  }

  has(header: string | undefined): boolean {
    if (header === undefined || header === '') return false;
    const { name, port } = split(header);
    const bare = name.replace(/\.$/, '');
    return this.#names.has(bare) || (port !== undefined && this.#names.has(`${bare}:${port}`));
  }
}
