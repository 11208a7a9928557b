/** What a request head says, as plain text tools read it. */
export interface NaiveHead {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const TOKEN = /^[!#$%&'*+.^`|~0-9A-Za-z-]+$/;

/**
 * Reads a whole request head the slow and obvious way: split into lines, match each. It is what the parser on octets is
 * compared with; `undefined` when the head is to be refused.
 */
export function naiveRequestHead(text: string): NaiveHead | undefined {
  if (!text.endsWith("\r\n\r\n")) return undefined;
  const [line = "", ...rest] = text.slice(0, -4).split("\r\n");
  const match = /^([^ ]+) (\/(?!\/)[^ ]*) HTTP\/1\.1$/.exec(line);
  const [, method = "", target = ""] = match ?? [];
  if (
    match === null || !TOKEN.test(method) || method.length > 32 || method === "CONNECT" || method === "TRACE"
  ) return undefined;
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\x00-\x20\x7f-\xff"<>#]/.test(target) || /^[^?]*\\/.test(target)) return undefined;
  const fields: [string, string][] = [];
  for (const field of rest) {
    const colon = field.indexOf(":");
    const name = field.slice(0, Math.max(colon, 0));
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    if (!TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(field)) return undefined;
    fields.push([name.toLowerCase(), field.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")]);
  }
  return meansOneThing(method, fields) ? { method, target, fields } : undefined;
}

function meansOneThing(method: string, fields: readonly (readonly [string, string])[]): boolean {
  const values = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value);
  const hosts = values("host");
  const lengths = values("content-length");
  const codings = values("transfer-encoding");
  if (hosts.length !== 1 || !/^(?:[\w.~%-]+|\[[\da-fA-F:.]{2,}\])(?::\d{1,5})?$/.test(hosts[0] ?? "")) {
    return false;
  }
  if (lengths.length > 1 || codings.length > 1 || (lengths.length > 0 && codings.length > 0)) return false;
  if (
    lengths.some((length) => !/^\d{1,15}$/.test(length)) ||
    codings.some((coding) => coding.toLowerCase() !== "chunked")
  ) return false;
  const body = codings.length > 0 || Number(lengths[0] ?? 0) > 0;
  if (body && (method === "GET" || method === "HEAD")) return false;
  if (values("expect").some((expected) => expected.toLowerCase() !== "100-continue")) return false;
  if (values("upgrade").length > 1 || fields.length > 100) return false;
  const forwards = values("max-forwards");
  return forwards.length <= 1 && forwards.every((value) => /^\d{1,9}$/.test(value));
}
