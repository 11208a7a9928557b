import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { z } from "zod";
import {
  flag,
  FlagError,
  listFlag,
  number,
  operands,
  originSchema,
  parseFlags,
  portSchema,
  switchFlag,
} from "./flags.ts";
import { helpText } from "./program.ts";

const specs = {
  port: flag(portSchema.default(8000), { help: "where to listen", env: "PORT" }),
  healthPath: flag(z.string().default("/readyz"), { help: "what to ask", placeholder: "PATH" }),
  upstream: listFlag(originSchema, { help: "a server behind it", env: "UPSTREAMS" }),
  verbose: switchFlag({ help: "say more" }),
};

function problemsOf(args: string[], environment = {}): readonly string[] {
  return assertThrows(() => parseFlags(specs, args, environment), FlagError).problems;
}

Deno.test("parseFlags() gives defaults where nothing is given", () => {
  assertEquals(parseFlags(specs, [], {}), {
    port: 8000,
    healthPath: "/readyz",
    upstream: [],
    verbose: false,
  });
});

Deno.test("parseFlags() takes both spellings, lists and switches", () => {
  const values = parseFlags(
    specs,
    ["--port=1", "--health-path", "/x", "--upstream", "http://a", "--verbose"],
    {},
  );
  assertEquals(values, { port: 1, healthPath: "/x", upstream: ["http://a"], verbose: true });
});

Deno.test("parseFlags() prefers a flag to the environment", () => {
  const environment = { PORT: "7", UPSTREAMS: "http://a,http://b" };
  assertEquals(parseFlags(specs, [], environment).upstream, ["http://a", "http://b"]);
  assertEquals(parseFlags(specs, [], environment).port, 7);
  assertEquals(parseFlags(specs, ["--port", "9"], environment).port, 9);
});

Deno.test("parseFlags() names unknown flags, stray words and bad values at once", () => {
  const problems = problemsOf(["--prot", "80", "stray", "--port", "eighty", "--upstream", "nonsense"]);
  for (const name of ["--prot", "stray", "--port", "--upstream"]) {
    assertStringIncludes(problems.join("\n"), name);
  }
});

Deno.test("parseFlags() refuses a port that is none, and a flag without its value", () => {
  assertStringIncludes(problemsOf(["--port", "65536"]).join(), "--port");
  assertStringIncludes(problemsOf(["--port", "-1"]).join(), "--port");
  assertStringIncludes(problemsOf(["--health-path"]).join(), "--health-path: needs a value");
});

Deno.test("parseFlags() reads a bad value of the environment under the flag's name", () => {
  assertStringIncludes(problemsOf([], { PORT: "x" }).join(), "--port");
});

Deno.test("operands() takes what is given without a name, at least one", () => {
  const order = {
    scale: operands(z.string().regex(/=/, "must be NAME=COUNT"), { help: "", placeholder: "NAME=COUNT" }),
  };
  assertEquals(parseFlags(order, ["service=4", "worker=3"], {}).scale, ["service=4", "worker=3"]);
  assertThrows(() => parseFlags(order, [], {}), FlagError, "NAME=COUNT: must be given");
  assertThrows(() => parseFlags(order, ["service"], {}), FlagError, "must be NAME=COUNT");
});

Deno.test("number() tells what is missing from what is wrong", () => {
  const needed = { size: flag(number(z.number().positive()), { help: "" }) };
  assertThrows(() => parseFlags(needed, [], {}), FlagError, "--size: must be given");
  assertThrows(() => parseFlags(needed, ["--size", "1e3"], {}), FlagError, "must be a number");
});

Deno.test("originSchema refuses a path, another protocol and credentials", () => {
  for (const text of ["http://a/b", "ftp://a", "http://u:p@a", "a:80"]) {
    assertEquals(originSchema.safeParse(text).success, false, text);
  }
  assertEquals(originSchema.parse("http://a:80/"), "http://a");
});

Deno.test("helpText() lists every flag as it is typed", () => {
  const text = stripAnsiCode(helpText({ name: "deno task x", summary: "does x" }, specs));
  assertStringIncludes(text, "--health-path PATH");
  assertStringIncludes(text, "--upstream UPSTREAM");
  assertStringIncludes(text, "where to listen (default 8000; or PORT)");
  assertStringIncludes(text, "what to ask (default /readyz)");
});

Deno.test("parseFlags() names the one of several values that does not fit", () => {
  const even = z.string().refine((text) => Number(text) % 2 === 0, "must be even");
  const specs = {
    numbers: operands(even, { help: "numbers", placeholder: "2" }),
    more: listFlag(even, { help: "more numbers" }),
  };
  const { problems } = assertThrows(
    () => parseFlags(specs, ["2", "3", "--more=4", "--more=5"], {}),
    FlagError,
  );
  assertEquals(problems, ["3: must be even", "--more 5: must be even"]);
});
