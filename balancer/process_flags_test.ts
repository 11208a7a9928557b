import { assertEquals, assertThrows } from "@std/assert";
import { FlagError, parseFlags } from "@flotilla/runtime";
import { balancerFlags, passesAllOn, repeatedName } from "./process_flags.ts";

const parse = (...args: string[]) => parseFlags(balancerFlags, ["--port", "8000", ...args], {});

Deno.test("balancerFlags take upstreams with weight and name", () => {
  const { upstream, strategy } = parse("--upstream", "http://a:1;weight=2;id=first", "--upstream=http://b:2");
  assertEquals(upstream, [{ url: "http://a:1", weight: 2, id: "first" }, { url: "http://b:2", weight: 1 }]);
  assertEquals(strategy, "round-robin");
});

Deno.test("balancerFlags take an upstream that is drained", () => {
  const { upstream } = parse(
    "--upstream",
    "http://a:1;draining=true",
    "--upstream",
    "http://b:2;draining=false",
  );
  assertEquals(upstream, [{ url: "http://a:1", weight: 1, draining: true }, {
    url: "http://b:2",
    weight: 1,
  }]);
});

Deno.test("repeatedName() finds two upstreams of one name", () => {
  const names = (...upstreams: string[]) =>
    repeatedName(parse(...upstreams.map((upstream) => `--upstream=${upstream}`)).upstream);
  assertEquals(names("http://a:1", "http://a:2", "http://b:1"), undefined);
  assertEquals(names("http://a:1", "http://b:1", "http://a:1/"), "a:1");
  assertEquals(names("http://a:1", "http://a:1;id=other"), undefined);
});

Deno.test("passesAllOn() when the process's own endpoints have a port of their own", () => {
  const passes = (...args: string[]) => passesAllOn(parse(...args));
  assertEquals([passes(), passes("--admin-port=1"), passes("--admin-port=1", "--own-endpoints=true")], [
    false,
    true,
    false,
  ]);
});

Deno.test("balancerFlags name what is wrong", () => {
  const cases = [
    ["--upstream", "nope", 'must be an origin like http://127.0.0.1:5000, got "nope"'],
    ["--upstream", "http://a:1;weight=x", "weight must be above 0 and at most 10000, got NaN"],
    ["--upstream", "http://a:1;draining=x", "draining must be true or false, got x"],
    ["--upstream", "http://a:1;color=red", 'knows no parameter "color"'],
    ["--strategy", "fastest", "--strategy"],
    ["--hash-key", "body", "must be address, header:NAME or cookie:NAME"],
    ["--health-fall", "0", "--health-fall"],
    ["--access-log", "2", "--access-log"],
    ["--trusted-proxy", "example.com", "must be an IP address or a network"],
    ["--idle-timeout", "0", "--idle-timeout"],
  ] as const;
  for (const [name, value, message] of cases) assertThrows(() => parse(name, value), FlagError, message);
});

Deno.test("balancerFlags read the key to hash by", () => {
  assertEquals(parse("--hash-key", "header:x-user").hashKey, { kind: "header", name: "x-user" });
  assertEquals(parse("--hash-key", "cookie:session").hashKey, { kind: "cookie", name: "session" });
  assertEquals(parse("--hash-key", "address").hashKey, { kind: "address" });
});
