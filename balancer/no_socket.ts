/**
 * What the system answers when it is this process, or its machine, that cannot have another socket: no descriptor (`EMFILE`, `ENFILE`) or
 * no memory (`ENOBUFS`, `ENOMEM`). `EADDRNOTAVAIL` is not among them: it says as often that an upstream's address cannot be reached
 * from here.
 */
const CODES: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
/** The same in the text of an error of `fetch`, which has no code. */
const TEXT = /Too many open files|No buffer space available|Cannot allocate memory/;

/**
 * Whether an error of connecting says that there was no socket to be had, and so nothing about whom it was to lead to. While a name
 * is looked up the system tells of no descriptor as it does of an unknown name: only of upstreams known by their addresses
 * is it certain.
 */
export function lacksSocket(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return CODES.has("code" in error ? error.code : undefined) || TEXT.test(error.message);
}
