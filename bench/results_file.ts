/** The table that is kept in the repository. */
export const RESULTS_FILE = new URL("./RESULTS.md", import.meta.url);

/**
 * Puts `text` in place of the section of that name in RESULTS.md, or behind the others when it is new, so that one part
 * can be measured again without the rest.
 */
export async function keepSection(name: string, text: string): Promise<void> {
  const before = await Deno.readTextFile(RESULTS_FILE).catch(() => "# Results\n");
  await Deno.writeTextFile(RESULTS_FILE, replaceSection(before, name, text));
}

/** The document with one section (from `## name` to the next one) replaced or added. */
export function replaceSection(document: string, name: string, text: string): string {
  const sections = document.split(/^(?=## )/m);
  const own = `## ${name}\n\n${text.trim()}\n`;
  const index = sections.findIndex((section) => section.startsWith(`## ${name}\n`));
  if (index < 0) return `${document.trimEnd()}\n\n${own}`;
  const last = index === sections.length - 1;
  return sections.with(index, last ? own : `${own}\n`).join("");
}
