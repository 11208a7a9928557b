/** An object as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is an object, not an array and not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object with the member set. A member named `__proto__` is a member like any other. */
export function withMember(object: JsonObject, name: string, value: unknown): JsonObject {
  return Object.fromEntries(new Map(Object.entries(object)).set(name, value));
}

/** The object without the member. */
export function withoutMember(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
}
