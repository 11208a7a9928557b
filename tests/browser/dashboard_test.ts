import { eventually } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import AXE from "axe-core/axe.min.js" with { type: "text" };
import type { Browser, Page } from "playwright-core";
import { z } from "zod";
import { signIn } from "../client.ts";
import { canStartSystem, startSystem, type System } from "../system.ts";
import { canBrowse, openBrowser, signInTo } from "./browser.ts";

/** Milliseconds that something may take to be seen on a busy machine. */
const PATIENCE = 30_000;

async function stateOf(page: Page, name: string, state: string): Promise<void> {
  await page.locator(`#instance-${name}[data-state=${state}]`).waitFor({ timeout: PATIENCE });
}

async function refusesOthers(page: Page, { origin }: System): Promise<void> {
  const admin = await signIn(origin);
  const credentials = { username: "someone", password: "a rather long sentence of words" };
  const made = await admin.send("POST", "/auth/users", { json: credentials });
  assertEquals(made.status, 201, made.text);
  await page.goto(`${origin}/dashboard`);
  await page.getByLabel("Name").fill(credentials.username);
  await page.getByLabel("Password").fill(credentials.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").getByText("administrators").waitFor();
}

async function seesDeathAndReturn(page: Page, system: System): Promise<void> {
  await stateOf(page, "worker_2", "up");
  // A worker can be back between two looks of the dashboard; it is down for longer each time that it dies.
  await eventually(async () => {
    await system.kill("worker_2").catch(() => {/* It is down. */});
    return await page.locator(".health[data-state=bad]").isVisible();
  }, { timeout: PATIENCE, interval: 300, what: "the page to say that something is down" });
  await stateOf(page, "worker_2", "up");
}

async function followsTask(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run a report" }).click();
  await page.locator("#own-tasks li[data-state=succeeded]").first().waitFor({ timeout: PATIENCE });
}

/** Sent by the pages of the dashboard: scripts, styles and calls of this gateway, and nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
];

function hasPolicy(header: string | undefined): void {
  const directives = header?.split("; ") ?? [];
  assertEquals(POLICY.filter((directive) => !directives.includes(directive)), [], header);
}

async function saysWhatIsOld(page: Page, system: System): Promise<void> {
  await system.kill("load_balancer_api_gateway");
  await page.locator(".live[data-state=lost]").getByText("this is how it was at").waitFor({
    timeout: PATIENCE,
  });
  await page.locator(".live[data-state=live]").waitFor({ timeout: PATIENCE });
}

async function order(page: Page, button: string): Promise<void> {
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
}

async function drainsAndUndrains(page: Page, system: System): Promise<void> {
  await order(page, "Drain api_gateway_1");
  await stateOf(page, "api_gateway_1", "draining");
  const { headers } = await (await signIn(system.origin)).send("GET", "/data");
  assertEquals(headers.get("x-served-by"), "api_gateway_2");
  await order(page, "Undrain api_gateway_1");
  await stateOf(page, "api_gateway_1", "up");
}

async function scales(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Scale service" }).click();
  await page.getByRole("spinbutton").fill("3");
  await page.getByRole("button", { name: "Confirm" }).click();
  await stateOf(page, "service_3", "up");
  await page.locator("#orders li").filter({ hasText: "scale service to 3" }).waitFor({ timeout: PATIENCE });
}

/** Where no script runs, a page of its own asks for the confirmation. */
async function weighsWithoutScripts(browser: Browser, { origin }: System): Promise<void> {
  await using context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${origin}/dashboard`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill("password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "of service_2" }).click();
  await page.getByLabel("Weight").fill("2");
  await page.getByRole("button", { name: "Confirm" }).click();
  // Nothing brings this page up to date but loading it again.
  await eventually(async () => {
    await page.reload();
    return await page.getByRole("button", { name: "Weight 2 of service_2" }).isVisible();
  }, { timeout: PATIENCE, interval: 500, what: "the page to show the weight" });
}

const violationsSchema = z.array(z.string());

const LOOKS = [
  { colorScheme: "dark", width: 1_440, height: 900 },
  { colorScheme: "light", width: 1_440, height: 900 },
  { colorScheme: "light", width: 360, height: 740 },
  { colorScheme: "dark", width: 360, height: 740 },
] as const;

async function findsNothing(page: Page): Promise<void> {
  for (const { colorScheme, width, height } of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height });
    assertEquals(await violations(page), [], `${colorScheme}, ${width} px`);
    assertEquals(await overflow(page), 0, `${colorScheme}, ${width} px`);
  }
}

async function overflow(page: Page): Promise<number> {
  return z.number().parse(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
}

async function violations(page: Page): Promise<string[]> {
  const look =
    `${AXE}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes[0].html))`;
  return violationsSchema.parse(await page.evaluate(look));
}

Deno.test({
  name: "dashboard: an administrator signs in, sees what happens as it happens, and gives orders",
  ignore: !canStartSystem || !canBrowse,
  // The browser's driver keeps a process and pipes of its own until it is closed.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    await using system = await startSystem();
    const browser = await openBrowser();
    try {
      const context = await browser.newContext({ colorScheme: "dark" });
      const page = await context.newPage();
      const elsewhere: string[] = [];
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== system.origin) elsewhere.push(request.url());
      });
      const failures: string[] = [];
      page.on("pageerror", ({ message }) => failures.push(message));
      await test.step("refuses who is no administrator", () => refusesOthers(page, system));
      await test.step("lets an administrator in", () => signInTo(page, system.origin));
      await test.step("shows a worker killed and back", () => seesDeathAndReturn(page, system));
      await test.step("follows a task to its end", () => followsTask(page));
      await test.step("drains and undrains an instance", () => drainsAndUndrains(page, system));
      await test.step("scales a group", () => scales(page));
      await test.step("takes an order without scripts", () => weighsWithoutScripts(browser, system));
      await test.step("gives axe nothing to find, in any light and at any width", () => findsNothing(page));
      await test.step("says that what it shows is old while nobody answers", () =>
        saysWhatIsOld(page, system));
      await test.step("is sent with a strict policy", async () => {
        const response = await page.reload();
        hasPolicy(response?.headers()["content-security-policy"]);
        await page.locator(".live[data-state=live]").waitFor();
      });
      await test.step("asks no other site for anything, and runs without error", () => {
        assertEquals({ elsewhere, failures }, { elsewhere: [], failures: [] });
      });
    } finally {
      await browser.close();
    }
  },
});
