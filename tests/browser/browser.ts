import type { Browser, Page } from "playwright-core";

/** Where Debian puts the browser. */
const CHROMIUM = "/usr/bin/chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];

/** Whether there is a browser, and this process may run it and all that its driver reads. */
export const canBrowse: boolean = await browserPermissions();

async function browserPermissions(): Promise<boolean> {
  const wanted: Deno.PermissionDescriptor[] = [
    { name: "run", command: CHROMIUM },
    { name: "env" },
    { name: "sys" },
    { name: "read" },
    { name: "write", path: "/tmp" },
  ];
  const found = await Promise.all(wanted.map((descriptor) => Deno.permissions.query(descriptor)));
  if (!found.every(({ state }) => state === "granted") || !mayLookAtMachine()) return false;
  return await Deno.stat(CHROMIUM).then(({ isFile }) => isFile, () => false);
}

/** Starts a browser. Its driver is loaded here, since it looks at the environment as soon as it is. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/** Signs in and waits until the page is live. */
export async function signInTo(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/dashboard`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill("password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".live[data-state=live]").waitFor();
}

/** playwright-core looks for files that Deno shows to programs with every permission only. */
function mayLookAtMachine(): boolean {
  try {
    Deno.statSync("/proc/version");
    return true;
  } catch {
    return false;
  }
}
