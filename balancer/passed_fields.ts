import type { AddressList } from "./address_list.ts";
import type { PickContext } from "./attempt.ts";
import { type Arrival, clientAddress, forwardedFields } from "./forwarded.ts";
import { endToEnd } from "./hop_by_hop.ts";

/** What a proxy sets on every request it passes on. */
export interface PassOnRules {
  /** Whose forwarding fields are believed. */
  readonly trusted: AddressList;
  /** Our name in `Via`. */
  readonly pseudonym: string;
}

/** The strategy's view of a request. */
export class HeadersContext implements PickContext {
  readonly #headers: Headers;
  readonly #peer: string | undefined;
  readonly #trusted: AddressList;

  constructor(headers: Headers, options: { peer: string | undefined; trusted: AddressList }) {
    this.#headers = headers;
    this.#peer = options.peer;
    this.#trusted = options.trusted;
  }

  get address(): string | undefined {
    return clientAddress(this.#peer, {
      forwardedFor: this.header("x-forwarded-for"),
      trusted: this.#trusted,
    });
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined;
  }
}

/** The fields of a request for the next hop. */
export function requestFields(
  headers: Headers,
  options: { arrival: Arrival; requestId: string; rules: PassOnRules },
): Headers {
  const { arrival, requestId, rules } = options;
  const passed = endToEnd(headers);
  const came = {
    for: headers.get("x-forwarded-for") ?? undefined,
    proto: headers.get("x-forwarded-proto") ?? undefined,
    host: headers.get("x-forwarded-host") ?? undefined,
    forwarded: headers.get("forwarded") ?? undefined,
  };
  const fields = forwardedFields(arrival, { came, trusted: rules.trusted });
  put(passed, "x-forwarded-for", fields.for);
  put(passed, "x-forwarded-proto", fields.proto);
  put(passed, "x-forwarded-host", fields.host);
  put(passed, "forwarded", fields.forwarded);
  put(passed, "x-request-id", requestId);
  passed.append("via", `1.1 ${rules.pseudonym}`);
  return passed;
}

/** The fields of an answer for the client. */
export function answerFields(headers: Headers, options: { requestId: string; rules: PassOnRules }): Headers {
  const passed = endToEnd(headers);
  passed.append("via", `1.1 ${options.rules.pseudonym}`);
  if (!passed.has("x-request-id")) passed.set("x-request-id", options.requestId);
  return passed;
}

function put(headers: Headers, name: string, value: string | undefined): void {
  if (value === undefined) headers.delete(name);
  else headers.set(name, value);
}
