import { z } from "zod";

/** Average nanoseconds of each benchmark, by name. */
export type Timings = Readonly<Record<string, number>>;

const reportSchema = z.object({
  benches: z.array(z.object({
    name: z.string(),
    results: z.array(z.object({ ok: z.object({ avg: z.number() }).optional() })),
  })),
});

/**
 * Runs the benchmarks of a file by `deno bench`.
 *
 * @throws {Error} when one of them fails
 */
export async function benchmark(file: string): Promise<Timings> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "--no-prompt", "--json", "--allow-net=127.0.0.1", "--allow-read", "--allow-env", file],
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const { benches } = reportSchema.parse(JSON.parse(out || `{"benches":[{"name":"","results":[{}]}]}`));
  return Object.fromEntries(benches.map(({ name, results: [result] }) => {
    if (result?.ok === undefined) throw new Error(`Cannot measure ${file}: ${name} failed: ${err}`);
    return [name, result.ok.avg];
  }));
}
