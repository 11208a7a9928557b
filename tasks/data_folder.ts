/** Nothing can be kept in the folder of the data. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";

  constructor(folder: string, cause: unknown) {
    super(`Cannot keep data in ${folder}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.NotCapable) {
    return "deno task up may write below data/ alone. Name a folder there with --data, or start the system by deno run -A tasks/up.ts " +
      "with the same flags.";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
