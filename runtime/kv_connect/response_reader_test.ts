import { assertEquals, assertThrows } from "@std/assert";
import { ResponseError, type ResponseHead, ResponseReader } from "./response_reader.ts";

interface Received {
  head: ResponseHead | undefined;
  content: string;
  whole: boolean;
}

/** What a reader makes of a connection's bytes that come in pieces. */
function read(text: string, pieces = text.length): Received[] {
  const answers: Received[] = [];
  let now: Received = { head: undefined, content: "", whole: false };
  const reader = new ResponseReader({
    head(head) {
      now = { head, content: "", whole: false };
      answers.push(now);
    },
    content: (bytes) => now.content += new TextDecoder().decode(bytes),
    end: () => now.whole = true,
  });
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += pieces) {
    reader.push(bytes.subarray(start, start + pieces));
  }
  return answers;
}

const PLAIN = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-other: 1\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nx-sum: 1\r\n\r\n";
const EMPTY =
  "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nConnection: close\r\n\r\n";
const HINTS = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";

Deno.test("ResponseReader reads answers one after another, in pieces of any size", () => {
  for (let pieces = 1; pieces < 60; pieces++) {
    const answers = read(PLAIN + CHUNKED + HINTS + EMPTY, pieces);
    assertEquals(answers.map(({ content, whole }) => [content, whole]), [
      ["hello", true],
      ["hello", true],
      ["", true],
    ]);
    assertEquals(answers.map(({ head }) => head), [
      { status: 200, length: 5, reusable: true, retryLater: false },
      { status: 200, length: "chunked", reusable: true, retryLater: false },
      { status: 503, length: 0, reusable: false, retryLater: true },
    ]);
  }
});

Deno.test("ResponseReader ends an answer of status 204 with its head", () => {
  assertEquals(read("HTTP/1.1 204 No Content\r\n\r\n")[0]?.whole, true);
});

Deno.test("ResponseReader does not use a connection of HTTP/1.0 again", () => {
  assertEquals(read("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n")[0]?.head?.reusable, false);
});

for (
  const [criterion, text] of Object.entries({
    "that is none": "SSH-2.0-OpenSSH\r\n\r\n",
    "of another version": "HTTP/2.0 200 OK\r\n\r\n",
    "whose length is not told": "HTTP/1.1 200 OK\r\n\r\n",
    "whose length is no number": "HTTP/1.1 200 OK\r\ncontent-length: 5x\r\n\r\n",
    "with two lengths": "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    "with a length and chunks": "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
    "of another coding": "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    "with a field without a name": "HTTP/1.1 200 OK\r\n: x\r\ncontent-length: 0\r\n\r\n",
    "with a chunk of no size": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
    "with a chunk that goes on": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n",
    "with a line that ends without CR": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\nabc\r\n",
    "whose head does not end": `HTTP/1.1 200 OK\r\nx: ${"x".repeat(20_000)}`,
  })
) {
  Deno.test(`ResponseReader refuses an answer ${criterion}`, () => {
    assertThrows(() => read(text), ResponseError);
  });
}
