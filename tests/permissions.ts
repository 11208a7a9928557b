/** Whether this process may run, connect, read, write and see its environment: what it takes to start a system. */
export async function systemPermissions(): Promise<boolean> {
  const wanted: Deno.PermissionDescriptor[] = [
    { name: "run", command: Deno.execPath() },
    { name: "net", host: "127.0.0.1" },
    { name: "read" },
    { name: "write", path: temporaryFolder() },
    { name: "env" },
  ];
  const found = await Promise.all(wanted.map((descriptor) => Deno.permissions.query(descriptor)));
  return found.every(({ state }) => state === "granted");
}

/** The variables that `deno task up` may read, as in deno.json. */
const VARIABLES = [
  "FLOTILLA_ENV",
  "FLOTILLA_LOG_LEVEL",
  "FLOTILLA_INTERNAL_KEY",
  "FLOTILLA_ADMIN_TOKEN",
  "DENO_KV_ACCESS_TOKEN",
  "HOME",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "LOCALAPPDATA",
  "PATH",
  "OTEL_*",
];

/** The permissions of `deno task up`, with another folder for its data. */
export function permissionsOfUp(data: string): string[] {
  return [
    "--no-prompt",
    `--allow-run=${Deno.execPath()}`,
    "--allow-net=127.0.0.1",
    `--allow-env=${VARIABLES.join(",")}`,
    "--allow-read",
    `--allow-write=${data}`,
  ];
}

function temporaryFolder(): string {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "TMPDIR" });
  return (state === "granted" ? Deno.env.get("TMPDIR") : undefined) ?? "/tmp";
}
