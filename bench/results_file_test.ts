import { assertEquals } from "@std/assert";
import { replaceSection } from "./results_file.ts";

const DOCUMENT = "# Results\n\n## One\n\nold\n\n## Two\n\nkept\n";

Deno.test("replaceSection() replaces the section of that name only", () => {
  assertEquals(replaceSection(DOCUMENT, "One", "new"), "# Results\n\n## One\n\nnew\n\n## Two\n\nkept\n");
  assertEquals(replaceSection(DOCUMENT, "Two", "new"), "# Results\n\n## One\n\nold\n\n## Two\n\nnew\n");
});

Deno.test("replaceSection() adds a section that is not there", () => {
  assertEquals(replaceSection(DOCUMENT, "Three", "new"), `${DOCUMENT}\n## Three\n\nnew\n`);
});
