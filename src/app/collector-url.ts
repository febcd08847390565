/** Where clients send crashes. */

/** `paths` are the collector's setting: `PATH` or `PATH=ANSWER`, the first of which is the usual one. */
export function collectorUrl(
  address: { readonly host: string; readonly port: number },
  settings: { readonly paths: readonly string[] },
): string {
  const path = (settings.paths[0] ?? '/submit').split('=')[0] ?? '';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}${path}`;
}
