import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { readHeadLimits } from "./head_limits.ts";
import { MessageError } from "./message_error.ts";
import { latin1 } from "./octets.ts";
import { RequestHead } from "./request_head.ts";
import { naiveRequestHead } from "./testing/naive_head.ts";

const LIMITS = readHeadLimits();

function octets(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function newHead(): RequestHead {
  return new RequestHead(LIMITS, { bodyOnGet: false, tracing: false });
}

/** Everything that parsing found, or why it refused. */
function outcome(text: string, cuts: readonly number[], head = newHead()): unknown {
  const bytes = octets(text);
  head.reset();
  let complete = false;
  try {
    for (
      const end of [...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
    ) {
      complete = head.parse(bytes, 0, end);
      if (complete) break;
    }
  } catch (error) {
    if (error instanceof MessageError) return error.status;
    throw error;
  }
  if (!complete) return "incomplete";
  const {
    end,
    method,
    methodStart,
    methodEnd,
    targetStart,
    targetEnd,
    contentLength,
    chunked,
    drops,
    nominated,
  } = head;
  const { hostStart, hostEnd, closes, keepsAlive, upgrades } = head;
  return JSON.stringify([
    [end, method, methodStart, methodEnd, targetStart, targetEnd, contentLength, chunked],
    [head.dropped.slice(0, drops), nominated, hostStart, hostEnd, closes, keepsAlive, upgrades],
  ]);
}

const NAMES = [
  "Host",
  "Content-Length",
  "Transfer-Encoding",
  "Connection",
  "X-A",
  "Cookie",
  "Expect",
  "Upgrade",
  "Max-Forwards",
  "te",
  "X_B",
  "X B",
  "",
];
const VALUES = [
  "a.test",
  "a.test:80",
  "[::1]:80",
  "5",
  "05",
  "chunked",
  "xchunked",
  "close",
  "upgrade, x-a",
  "",
  " padded\t",
  "a\rb",
  "a\nb",
  "\xfc",
  "\0",
  "100-continue",
  "0",
];
const LINES = [
  "GET / HTTP/1.1",
  "POST /a?b HTTP/1.1",
  "PUT //a HTTP/1.1",
  "get /\\ HTTP/1.1",
  "G T / HTTP/1.1",
  "GET /?\\ HTTP/1.1",
  "OPTIONS /x HTTP/1.1",
  "GET / HTTP/1.1 ",
];

const fieldLine = fc.tuple(
  fc.constantFrom(...NAMES),
  fc.constantFrom(": ", ":", " : ", ":\t"),
  fc.constantFrom(...VALUES),
  fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n "),
)
  .map((parts) => parts.join(""));
/** Heads that are nearly right. */
const nearHead = fc.tuple(
  fc.constantFrom(...LINES),
  fc.constantFrom("\r\n", "\r\n", "\r\n", "\n"),
  fc.boolean(),
  fc.array(fieldLine, { maxLength: 4 }),
)
  .map(([line, end, host, fields]) => `${line}${end}${host ? "Host: a.test\r\n" : ""}${fields.join("")}\r\n`);

Deno.test("RequestHead.parse() finds the same wherever the octets are split", () => {
  fc.assert(
    fc.property(nearHead, fc.array(fc.nat(120), { maxLength: 6 }), (text, cuts) => {
      assertEquals(outcome(text, cuts), outcome(text, []));
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("RequestHead.parse() finds the same one octet at a time", () => {
  fc.assert(
    fc.property(nearHead, (text) => {
      assertEquals(outcome(text, Array.from({ length: text.length }, (_, i) => i)), outcome(text, []));
    }),
    { numRuns: 500 },
  );
});

Deno.test("RequestHead.parse() agrees with a naive parser", () => {
  fc.assert(
    fc.property(nearHead, (text) => {
      // What follows a head that ends early is no part of it.
      const end = text.search(/\r\n\r\n/) + 4;
      const whole = text.slice(0, end);
      const naive = naiveRequestHead(whole);
      const head = newHead();
      const bytes = octets(whole);
      if (naive === undefined) {
        assertThrows(
          () => assert(!head.parse(bytes, 0, bytes.length)) === undefined && refuse(),
          MessageError,
        );
        return;
      }
      assert(head.parse(bytes, 0, bytes.length));
      assertEquals(head.end, whole.length);
      assertEquals(latin1(bytes, head.methodStart, head.methodEnd), naive.method);
      assertEquals(latin1(bytes, head.targetStart, head.targetEnd), naive.target);
      for (const name of new Set(naive.fields.map(([name]) => name))) {
        const expected = naive.fields.filter(([other]) => other === name).map(([, value]) => value).join(
          ", ",
        );
        assertEquals(head.text(bytes, octets(name)), expected);
      }
    }),
    { numRuns: 5_000 },
  );
});

/** A head that is not complete is refused by its time-out. */
function refuse(): never {
  throw new MessageError(408, "incomplete");
}

Deno.test("RequestHead.parse() survives any octets", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        newHead().parse(bytes, 0, bytes.length);
      } catch (error) {
        assert(error instanceof MessageError);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("RequestHead.reset() leaves nothing of the message before", () => {
  fc.assert(
    fc.property(nearHead, nearHead, (first, second) => {
      const head = newHead();
      outcome(first, [], head);
      assertEquals(outcome(second, [], head), outcome(second, []));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("RequestHead.parse() reads a head that begins later in the buffer", () => {
  const head = newHead();
  const bytes = octets("surplusGET /x HTTP/1.1\r\nHost: a.test\r\n\r\nbody");
  assert(head.parse(bytes, 7, bytes.length));
  assertEquals(latin1(bytes, head.targetStart, head.targetEnd), "/x");
  assertEquals(latin1(bytes, head.end, bytes.length), "body");
});

Deno.test("RequestHead.originSpans are those of this request, when the one before it had more", () => {
  const head = newHead();
  const spansOf = (text: string) => {
    const bytes = octets(text);
    head.reset();
    assert(head.parse(bytes, 0, bytes.length));
    return head.originSpans.flatMap((start, i, { [i + 1]: end }) =>
      i % 2 === 0 ? [latin1(bytes, start, end ?? 0)] : []
    );
  };
  const forwarded = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: ::1\r\nForwarded: for=b\r\n\r\n";
  const plain = "GET / HTTP/1.1\r\nHost: c\r\n\r\n";
  assertEquals(spansOf(forwarded), ["a", "X-Forwarded-For: ::1\r\n", "Forwarded: for=b\r\n"]);
  assertEquals(spansOf(plain), ["c"]);
  assertEquals(spansOf(forwarded).length, 3);
});
