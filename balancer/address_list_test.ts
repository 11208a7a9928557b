import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { addressList } from "./address_list.ts";

Deno.test("addressList() includes addresses and networks of both versions", () => {
  const list = addressList(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "fe80::1:2/128"]);
  for (
    const address of [
      "10.0.0.0",
      "10.255.255.255",
      "192.0.2.7",
      "2001:db8:ffff::",
      "::1",
      "fe80::1:2",
      "::ffff:10.1.1.1",
    ]
  ) {
    assert(list.includes(address), address);
  }
  for (
    const address of [
      "11.0.0.0",
      "192.0.2.8",
      "2001:db9::",
      "::2",
      "::ffff:11.1.1.1",
      "unknown",
      "",
      "10.0.0",
      "10.0.0.256",
    ]
  ) {
    assert(!list.includes(address), address);
  }
});

Deno.test("addressList() takes /0 for every address of that version", () => {
  assert(addressList(["0.0.0.0/0"]).includes("203.0.113.1"));
  assert(!addressList(["0.0.0.0/0"]).includes("::1"));
});

Deno.test("addressList() agrees with comparing the first bits", () => {
  const byte = fc.nat({ max: 255 });
  fc.assert(
    fc.property(
      fc.tuple(byte, byte, byte, byte),
      fc.tuple(byte, byte, byte, byte),
      fc.nat({ max: 32 }),
      (a, b, prefix) => {
        const bits = (bytes: number[]) =>
          bytes.map((part) => part.toString(2).padStart(8, "0")).join("").slice(0, prefix);
        assertEquals(addressList([`${a.join(".")}/${prefix}`]).includes(b.join(".")), bits(a) === bits(b));
      },
    ),
  );
});

Deno.test("addressList() refuses what is no address or network", () => {
  for (const entry of ["example.com", "10.0.0.0/33", "::1/129", "10.0.0.0/x", "10.0.0.0/", ""]) {
    assertThrows(() => addressList([entry]), TypeError, `got "${entry}"`);
  }
});
