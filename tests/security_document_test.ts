import { assert, assertEquals } from "@std/assert";

const DOCUMENT = new URL("../docs/security.md", import.meta.url);
const ROWS = Array.from({ length: 10 }, (_, index) => `API${index + 1}:2023`);
const ignore = (await Deno.permissions.query({ name: "read" })).state !== "granted";

/** The names of tests in each row of the tables of threats. */
function testsOf(markdown: string): { threat: string; tests: string[] }[] {
  const tables = markdown.split(/^\| threat .*\n\| -.*\n/m).slice(1).map((table) =>
    table.split("\n\n")[0] ?? ""
  );
  return tables.flatMap((table) => table.trim().split("\n")).map((row) => {
    const [threat = "", , tests = ""] = row.split(/(?<!\\)\|/).slice(1).map((cell) => cell.trim());
    return { threat, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name) };
  });
}

async function isThere(name: string, owasp: string): Promise<boolean> {
  if (ROWS.includes(name)) return owasp.includes(`"${name} `);
  const file = new URL(`../${name}`, import.meta.url);
  return name.endsWith("_test.ts") && /Deno\.test\(/.test(await Deno.readTextFile(file).catch(() => ""));
}

Deno.test({
  name: "docs/security.md names a test for each threat, and each of them is there",
  ignore,
  async fn() {
    const rows = testsOf(await Deno.readTextFile(DOCUMENT));
    const owasp = await Deno.readTextFile(new URL("./owasp_test.ts", import.meta.url));
    assert(rows.length > 20, `${rows.length} rows were found`);
    for (const { threat, tests } of rows) {
      assert(tests.length > 0, `${threat}: no test is named`);
      for (const name of tests) assert(await isThere(name, owasp), `${threat}: there is no ${name}`);
    }
  },
});

Deno.test({
  name: "docs/security.md has every row of the OWASP API Security Top 10 (2023)",
  ignore,
  async fn() {
    const named = new Set(testsOf(await Deno.readTextFile(DOCUMENT)).flatMap(({ tests }) => tests));
    assertEquals(ROWS.filter((row) => !named.has(row)), []);
  },
});
