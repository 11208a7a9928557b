import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { KnownOctets } from "./known_octets.ts";
import { ascii, latin1 } from "./octets.ts";

Deno.test("KnownOctets gives what was made of the same octets, or makes it", () => {
  const texts = fc.array(fc.array(fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 })));
  fc.assert(fc.property(texts, (asked) => {
    const known = new KnownOctets<string>(4);
    for (const parts of asked) {
      const bytes = ascii(parts.map((part) => `<${part}>`).join(""));
      let at = 0;
      const spans = parts.flatMap((part) => {
        const span = [at + 1, at + 1 + part.length];
        at += part.length + 2;
        return span;
      });
      assertEquals(known.get(bytes, spans, () => parts.join("")), parts.join(""));
    }
  }));
});

Deno.test("KnownOctets gives a place that is taken to another now and then", () => {
  const known = new KnownOctets<string>(1);
  const bytes = ascii("oftenonce0once1once2once3once4once5once6once7once8once9");
  let made = 0;
  const often = () => known.get(bytes, [0, 5], () => (made++, "often"));
  often();
  for (let i = 0; i < 7; i++) {
    known.get(bytes, [5 + 5 * i, 10 + 5 * i], () => "once");
    often();
  }
  assertEquals(made, 1);
  known.get(bytes, [40, 45], () => "once");
  often();
  assertEquals(made, 2);
});

Deno.test("KnownOctets keeps nothing where nothing was made, and nothing long", () => {
  const known = new KnownOctets<string>();
  const bytes = ascii("x".repeat(3_000));
  let made = 0;
  const make = () => (made++, undefined);
  for (let i = 0; i < 2; i++) {
    known.get(bytes, [0, 10], make);
    known.get(bytes, [0, 3_000], () => (made++, latin1(bytes, 0, 3_000)));
    known.get(bytes, [0, 20], () => (made++, "kept"));
  }
  assertEquals(made, 5);
});
