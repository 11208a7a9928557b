/** The same database with some of its operations replaced. The others run on the database itself, as its brand demands. */
export function overrideKv(kv: Deno.Kv, overrides: Partial<Deno.Kv>): Deno.Kv {
  return new Proxy(kv, {
    get(real, name) {
      const own: unknown = Reflect.get(overrides, name) ?? Reflect.get(real, name, real);
      return typeof own === "function" && !(name in overrides) ? own.bind(real) : own;
    },
  });
}
