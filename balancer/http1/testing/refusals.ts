/** A request that must be refused. */
export interface Refusal {
  readonly title: string;
  readonly request: string;
  readonly status: number;
}

const HOST = "Host: a.test\r\n";

function get(fields: string, target = "/"): string {
  return `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

function post(fields: string, body = ""): string {
  return `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

function refusal(title: string, request: string, status = 400): Refusal {
  return { title, request, status };
}

/** Requests whose meaning is ambiguous, broken or beyond a limit: nothing of them may reach an upstream. */
export const REFUSALS: readonly Refusal[] = [
  // Framing: RFC 9112, section 6.
  refusal(
    "Content-Length and Transfer-Encoding",
    post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
  ),
  refusal(
    "Transfer-Encoding and Content-Length",
    post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
  ),
  refusal("two differing Content-Lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")),
  refusal("two equal Content-Lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
  refusal("a list in Content-Length", post("Content-Length: 5, 5\r\n", "hello")),
  refusal("Content-Length with a sign", post("Content-Length: +5\r\n", "hello")),
  refusal("negative Content-Length", post("Content-Length: -5\r\n", "hello")),
  refusal("hexadecimal Content-Length", post("Content-Length: 0x5\r\n", "hello")),
  refusal("Content-Length with an underscore", post("Content-Length: 1_0\r\n", "helloworld")),
  refusal("empty Content-Length", post("Content-Length: \r\n")),
  refusal("Content-Length beyond every integer", post("Content-Length: 18446744073709551617\r\n", "a")),
  refusal("Transfer-Encoding: xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501),
  refusal("Transfer-Encoding: chunkedx", post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n"), 501),
  refusal("Transfer-Encoding: identity", post("Transfer-Encoding: identity\r\n"), 501),
  refusal("Transfer-Encoding: gzip", post("Transfer-Encoding: gzip\r\n"), 501),
  refusal("chunked that is not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
  refusal("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")),
  refusal(
    "Transfer-Encoding twice",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
  ),
  refusal("Transfer-Encoding with a parameter", post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")),
  refusal("Transfer-Encoding in quotes", post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n")),
  refusal("empty Transfer-Encoding", post("Transfer-Encoding:\r\n", "0\r\n\r\n")),
  refusal("Transfer-Encoding after a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n")),
  refusal(
    "Transfer-Encoding in HTTP/1.0",
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ),
  refusal("a body on GET", get("Content-Length: 5\r\n") + "hello"),
  refusal("chunks on GET", get("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"),
  refusal("a body on HEAD", `HEAD / HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\na`),
  // Chunks: RFC 9112, section 7.1.
  refusal("a chunk size that overflows", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")),
  refusal("a chunk size with a prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n")),
  refusal("a negative chunk size", chunked("-5\r\nhello\r\n0\r\n\r\n")),
  refusal("no chunk size", chunked("\r\nhello\r\n0\r\n\r\n")),
  refusal("a chunk extension", chunked("5;name=value\r\nhello\r\n0\r\n\r\n")),
  refusal("a chunk extension with a bare LF", chunked("5;\nhello\r\n0\r\n\r\n")),
  refusal("white space after a chunk size", chunked("5 \r\nhello\r\n0\r\n\r\n")),
  refusal("a chunk size that ends with a bare LF", chunked("5\nhello\r\n0\r\n\r\n")),
  refusal("a chunk size that ends with a bare CR", chunked("5\rXhello\r\n0\r\n\r\n")),
  refusal("a chunk longer than its size", chunked("5\r\nhello!\r\n0\r\n\r\n")),
  refusal("a chunk that ends with a bare LF", chunked("5\r\nhello\n0\r\n\r\n")),
  refusal("a trailer that frames", chunked("0\r\nContent-Length: 5\r\n\r\n")),
  refusal("a trailer with a space before its colon", chunked("0\r\nname : value\r\n\r\n")),
  refusal("a folded trailer", chunked("0\r\nname: a\r\n b\r\n\r\n")),
  // Field lines: RFC 9112, section 5.
  refusal("obs-fold", get("X-Name: a\r\n b\r\n")),
  refusal("obs-fold with a tab", get("X-Name: a\r\n\tb\r\n")),
  refusal("a fold before the first field", `GET / HTTP/1.1\r\n ${HOST}\r\n`),
  refusal("a space before the colon", get("X-Name : a\r\n")),
  refusal("a tab before the colon", get("X-Name\t: a\r\n")),
  refusal("a space before the colon of Content-Length", post("Content-Length : 5\r\n", "hello")),
  refusal("a line without a colon", get("X-Name\r\n")),
  refusal("an empty name", get(": a\r\n")),
  refusal("a bare LF after a field", get("X-Name: a\n")),
  refusal("a bare LF instead of the empty line", `GET / HTTP/1.1\r\n${HOST}\n`),
  refusal("bare LFs throughout", "GET / HTTP/1.1\nHost: a.test\n\n"),
  refusal("a bare CR in a value", get("X-Name: a\rb\r\n")),
  refusal("a bare CR in a name", get("X-\rName: a\r\n")),
  refusal("NUL in a value", get("X-Name: a\0b\r\n")),
  refusal("NUL in a name", get("X-\0Name: a\r\n")),
  refusal("DEL in a value", get("X-Name: a\x7fb\r\n")),
  refusal("an underscore in a name", get("X_Name: a\r\n")),
  refusal("an underscore in Content-Length's name", post("Content_Length: 5\r\n")),
  refusal("parentheses in a name", get("X(Name): a\r\n")),
  refusal("an octet above 127 in a name", get("X-N\xe4me: a\r\n")),
  refusal("a field line that is too long", get(`X-Name: ${"a".repeat(8_200)}\r\n`), 431),
  refusal("too many fields", get("X-Name: a\r\n".repeat(101)), 431),
  refusal("a head that is too long", get(`X-Name: ${"a".repeat(8_000)}\r\n`.repeat(5)), 431),
  // Request line: RFC 9112, section 3.
  refusal("a target that is too long", get("", `/${"a".repeat(8_200)}`), 414),
  refusal("a target with two slashes", get("", "//evil.test/path")),
  refusal("a target without a slash", get("", "path")),
  refusal("a target with a fragment", get("", "/path#fragment")),
  refusal("a target with a backslash", get("", "/\\evil.test")),
  refusal("a target with NUL", get("", "/a\0b")),
  refusal("a target with an octet above 127", get("", "/\xe4")),
  refusal("a target with a tab", get("", "/a\tb")),
  refusal("a target with a space", get("", "/a b")),
  refusal("the target * for GET", get("", "*")),
  refusal("absolute form with another host", get("", "http://b.test/")),
  refusal("absolute form with a user", get("", "http://user@a.test/")),
  refusal("absolute form with another scheme", get("", "ftp://a.test/")),
  refusal("absolute form without a host", get("", "http:///path")),
  refusal("authority form", get("", "a.test:80")),
  refusal("CONNECT", `CONNECT a.test:80 HTTP/1.1\r\n${HOST}\r\n`, 501),
  refusal("TRACE", `TRACE / HTTP/1.1\r\n${HOST}\r\n`, 501),
  refusal("a method that is too long", `${"M".repeat(40)} / HTTP/1.1\r\n${HOST}\r\n`, 501),
  refusal("a method that is no token", `G(T / HTTP/1.1\r\n${HOST}\r\n`),
  refusal("no method", ` / HTTP/1.1\r\n${HOST}\r\n`),
  refusal("two spaces before the target", `GET  / HTTP/1.1\r\n${HOST}\r\n`),
  refusal("two spaces before the version", `GET /  HTTP/1.1\r\n${HOST}\r\n`),
  refusal("a tab in the request line", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`),
  refusal("a space after the version", `GET / HTTP/1.1 \r\n${HOST}\r\n`),
  refusal("no version", `GET /\r\n${HOST}\r\n`),
  refusal("the version in lower case", `GET / http/1.1\r\n${HOST}\r\n`),
  refusal("HTTP/2.0", `GET / HTTP/2.0\r\n${HOST}\r\n`, 505),
  refusal("HTTP/1.2", `GET / HTTP/1.2\r\n${HOST}\r\n`, 505),
  refusal("HTTP/0.9", `GET / HTTP/0.9\r\n${HOST}\r\n`, 505),
  refusal("HTTP/1.10", `GET / HTTP/1.10\r\n${HOST}\r\n`),
  refusal("two empty lines before the request", `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`),
  refusal("a bare LF before the request", `\nGET / HTTP/1.1\r\n${HOST}\r\n`),
  // Host: RFC 9112, section 3.2.
  refusal("no Host", "GET / HTTP/1.1\r\n\r\n"),
  refusal("two Hosts", get("Host: b.test\r\n")),
  refusal("two equal Hosts", get(HOST)),
  refusal("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
  refusal("Host with a path", "GET / HTTP/1.1\r\nHost: a.test/path\r\n\r\n"),
  refusal("Host with a user", "GET / HTTP/1.1\r\nHost: user@a.test\r\n\r\n"),
  refusal("Host with a space", "GET / HTTP/1.1\r\nHost: a.test b.test\r\n\r\n"),
  refusal("Host with two names", "GET / HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n"),
  refusal("Host with a port that is none", "GET / HTTP/1.1\r\nHost: a.test:http\r\n\r\n"),
  // Others.
  refusal("an expectation that is not known", post("Expect: a-miracle\r\nContent-Length: 1\r\n", "a"), 417),
  refusal("Upgrade twice", get("Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n")),
  refusal("a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
  refusal("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
];
