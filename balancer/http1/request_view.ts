import type { PickContext } from "../attempt.ts";
import type { ClientSide } from "./client_side.ts";
import { ascii } from "./octets.ts";

/**
 * What a strategy sees of a request. Nothing is decoded unless it looks, and then once: when another upstream is picked later, the
 * octets may have been read over.
 */
export class RequestView implements PickContext {
  readonly #client: ClientSide;
  #fields: Map<string, string | undefined> | undefined;
  #address: { readonly value: string | undefined } | undefined;

  constructor(client: ClientSide) {
    this.#client = client;
  }

  get address(): string | undefined {
    const { origin, wire, head } = this.#client;
    this.#address ??= { value: origin.address(wire.bytes, head) };
    return this.#address.value;
  }

  header(name: string): string | undefined {
    const fields = this.#fields ??= new Map();
    if (!fields.has(name)) {
      const { head, wire } = this.#client;
      fields.set(name, head.text(wire.bytes, ascii(name)));
    }
    return fields.get(name);
  }

  /** Forgets the request. */
  reset(): void {
    this.#address = this.#fields = undefined;
  }
}
