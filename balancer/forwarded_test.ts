import { assertEquals } from "@std/assert";
import { addressList } from "./address_list.ts";
import { clientAddress, forwardedFields } from "./forwarded.ts";

const came = { for: "198.51.100.1", proto: "https", host: "shop.example", forwarded: "for=198.51.100.1" };
const arrival = { peer: "10.0.0.2", protocol: "http", host: "inner:8000" };

Deno.test("forwardedFields() drops what a peer says that is not trusted", () => {
  assertEquals(forwardedFields(arrival, { came, trusted: addressList([]) }), {
    for: "10.0.0.2",
    proto: "http",
    host: "inner:8000",
    forwarded: 'for=10.0.0.2;host="inner:8000";proto=http',
  });
});

Deno.test("forwardedFields() adds to what a trusted proxy says", () => {
  assertEquals(forwardedFields(arrival, { came, trusted: addressList(["10.0.0.0/8"]) }), {
    for: "198.51.100.1, 10.0.0.2",
    proto: "https",
    host: "shop.example",
    forwarded: 'for=198.51.100.1, for=10.0.0.2;host="inner:8000";proto=http',
  });
});

Deno.test("forwardedFields() writes an IPv6 address as RFC 7239 asks, and leaves out a host that cannot be quoted", () => {
  const trusted = addressList([]);
  const { forwarded } = forwardedFields({ peer: "2001:db8::1", protocol: "https", host: 'a"b' }, {
    came,
    trusted,
  });
  assertEquals(forwarded, 'for="[2001:db8::1]";proto=https');
});

Deno.test("forwardedFields() says unknown where there is no peer", () => {
  const fields = forwardedFields({ peer: undefined, protocol: "http", host: undefined }, {
    came,
    trusted: addressList([]),
  });
  assertEquals(fields, {
    for: undefined,
    proto: "http",
    host: undefined,
    forwarded: "for=unknown;proto=http",
  });
});

Deno.test("clientAddress() walks back as far as trusted proxies vouch", () => {
  const trusted = addressList(["10.0.0.0/8"]);
  const address = (peer: string, forwardedFor?: string) => clientAddress(peer, { forwardedFor, trusted });
  assertEquals(address("203.0.113.5", "1.2.3.4"), "203.0.113.5");
  assertEquals(address("10.0.0.1"), "10.0.0.1");
  assertEquals(address("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.9"), "198.51.100.1");
  assertEquals(address("10.0.0.1", "10.0.0.3, 10.0.0.9"), "10.0.0.3");
  assertEquals(address("10.0.0.1", " , "), "10.0.0.1");
});
