import { Gauge, type Registry } from "prom-client";

/** Registers how much memory the process has, as `flotilla_process_memory_bytes`; read when somebody asks. */
export function registerProcessMemory(registry: Registry): void {
  new Gauge({
    name: "flotilla_process_memory_bytes",
    help: "Memory of the process, by kind",
    labelNames: ["kind"] as const,
    registers: [registry],
    collect() {
      const { rss, heapTotal, heapUsed, external } = Deno.memoryUsage();
      for (const [kind, bytes] of Object.entries({ rss, heapTotal, heapUsed, external })) {
        this.set({ kind }, bytes);
      }
    },
  });
}
