import { assert, assertEquals } from "@std/assert";
import { describeFailure, describeNoUpstream } from "./answer.ts";
import {
  AttemptError,
  FAILURE_KINDS,
  type FailureKind,
  failureOf,
  isIdempotent,
  mayTryAgain,
} from "./failure.ts";

const EITHER_WAY: FailureKind[] = ["no_socket", "connect_refused", "connect_timeout"];
const IDEMPOTENT_ONLY: FailureKind[] = [
  "stale_connection",
  "reset",
  "first_byte_timeout",
  "upstream_lost",
  "protocol_error",
];

for (const kind of FAILURE_KINDS) {
  Deno.test(`mayTryAgain() after ${kind} asks what is proven, the method and the body`, () => {
    const may = (idempotent: boolean, replayable: boolean) => mayTryAgain(kind, { idempotent, replayable });
    assertEquals(may(false, true), EITHER_WAY.includes(kind));
    assertEquals(may(true, true), [...EITHER_WAY, ...IDEMPOTENT_ONLY].includes(kind));
    assertEquals([may(false, false), may(true, false)], [false, false]);
  });
}

Deno.test("isIdempotent() knows the methods of RFC 9110, in capitals", () => {
  for (const method of ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]) assert(isIdempotent(method));
  for (const method of ["POST", "PATCH", "CONNECT", "get", "PURGE"]) assert(!isIdempotent(method));
});

Deno.test("failureOf() takes what says nothing of itself for a reset, the cautious reading", () => {
  assertEquals(failureOf(new AttemptError({ kind: "connect_timeout" })).kind, "connect_timeout");
  const cause = new TypeError("network error");
  assertEquals(failureOf(cause), { kind: "reset", cause });
});

Deno.test("describeFailure() tells 503, 502 and 504 apart by what reached an upstream", () => {
  const statuses = Object.fromEntries(FAILURE_KINDS.map((kind) => [kind, describeFailure(kind).status]));
  assertEquals(statuses, {
    no_socket: 503,
    connect_refused: 503,
    connect_timeout: 504,
    stale_connection: 502,
    reset: 502,
    first_byte_timeout: 504,
    upstream_lost: 504,
    protocol_error: 502,
    truncated: 502,
    idle_timeout: 504,
    total_timeout: 504,
    request_body: 400,
    client_gone: 499,
  });
});

Deno.test("describeNoUpstream() says when to come back, as nothing was sent", () => {
  const answer = describeNoUpstream("unavailable");
  assertEquals([answer.status, answer.retryAfter], [503, 1]);
});
