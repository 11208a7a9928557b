import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { canStartSystem, startSystem } from "../system.ts";
import { canBrowse, openBrowser } from "./browser.ts";

/** Sends the request of an operation from its form, and waits for the answer's status. */
async function tries(page: Page, operation: string, status: string): Promise<void> {
  const details = page.locator(`#${operation}`);
  await details.locator("summary").click();
  await details.getByRole("button", { name: "Send" }).click();
  await details.getByRole("status").getByText(status).waitFor();
}

Deno.test({
  name: "docs: a visitor signs in and tries requests, with nothing from any other site",
  ignore: !canStartSystem || !canBrowse,
  // The browser's driver keeps a process and pipes of its own until it is closed.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using system = await startSystem();
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      const [elsewhere, failures]: [string[], string[]] = [[], []];
      page.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        if (protocol !== "data:" && origin !== system.origin) elsewhere.push(request.url());
      });
      page.on("pageerror", ({ message }) => failures.push(message));
      await page.goto(`${system.origin}/docs`);
      await tries(page, "getKeys", "200");
      await tries(page, "listTasks", "401");
      await page.getByLabel("User name").fill("admin");
      await page.getByLabel("Password").fill("password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Signed in for").waitFor();
      await tries(page, "listRecords", "200");
      await tries(page, "queueTask", "202");
      await page.getByLabel("Find a request").fill("delete account");
      await page.locator("#deleteUser").waitFor();
      assertEquals(await page.locator("#listRecords").isVisible(), false);
      assertEquals({ elsewhere, failures }, { elsewhere: [], failures: [] });
    } finally {
      await browser.close();
    }
  },
});
