import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ReceiveBuffer } from "./receive_buffer.ts";

Deno.test("ReceiveBuffer gives back what was put in, in its order, whatever the sizes", () => {
  const step = fc.record({ put: fc.uint8Array({ maxLength: 50 }), take: fc.integer({ min: 0, max: 60 }) });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const buffer = new ReceiveBuffer();
    const all: number[] = [];
    const taken: number[] = [];
    for (const { put, take } of steps) {
      all.push(...put);
      buffer.put(put, 0, put.length);
      const into = new Uint8Array(take);
      taken.push(...into.subarray(0, buffer.take(into)));
      assertEquals(buffer.length, all.length - taken.length);
    }
    assertEquals(taken, all.slice(0, taken.length));
  }));
});
