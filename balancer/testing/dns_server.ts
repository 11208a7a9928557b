import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** A name server for tests, over UDP (RFC 1035): it knows the IPv4 addresses of one name, and no others. */
export interface DnsServer extends AsyncDisposable {
  /** For `Deno.resolveDns`. */
  readonly nameServer: { readonly ipAddr: string; readonly port: number };
  /** What it answers from now on: these addresses, or that it has failed. */
  answers: readonly string[] | "failed";
  /** Questions for IPv4 addresses that it has answered. */
  readonly asked: number;
}

const TYPE_A = 1;
const RCODE = { none: 0, failed: 2 } as const;
/** Octets of a message's head, behind which the question begins. */
const HEAD = 12;
/** Instead of a name: where the name of the question stands. */
const NAME_OF_QUESTION = 0xc000 | HEAD;

/** Starts one on a free port of loopback. */
export async function startDnsServer(answers: DnsServer["answers"]): Promise<DnsServer> {
  const socket = createSocket("udp4");
  const state = { answers, asked: 0 };
  socket.on("message", (query, { port, address }) => {
    const question = questionOf(query);
    if (question.type === TYPE_A) state.asked++;
    socket.send(respond(query, question, state.answers), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port }: AddressInfo = socket.address();
  return Object.assign(state, {
    nameServer: { ipAddr: "127.0.0.1", port },
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, "close");
    },
  });
}

interface Question {
  readonly type: number;
  /** Behind it. */
  readonly end: number;
}

/** The one question of a query: a name as labels, each with its length before it, then type and class. */
function questionOf(query: Uint8Array): Question {
  let at = HEAD;
  while ((query[at] ?? 0) > 0) at += 1 + (query[at] ?? 0);
  const end = at + 5;
  return { type: new DataView(query.buffer, query.byteOffset).getUint16(at + 1), end };
}

/** Says what is known; of a type that there is nothing of, an empty answer. */
function respond(query: Uint8Array, question: Question, answers: DnsServer["answers"]): Uint8Array {
  const records = answers === "failed" || question.type !== TYPE_A ? [] : answers;
  const response = new Uint8Array(question.end + records.length * 16);
  response.set(query.subarray(0, question.end));
  const view = new DataView(response.buffer);
  view.setUint16(2, 0x8180 | (answers === "failed" ? RCODE.failed : RCODE.none));
  view.setUint16(6, records.length);
  view.setUint32(8, 0);
  for (const [index, address] of records.entries()) writeRecord(view, question.end + index * 16, address);
  return response;
}

/** An address, to be believed for a second. */
function writeRecord(view: DataView, at: number, address: string): void {
  const [type, octets] = [TYPE_A, address.split(".").map(Number)];
  for (const [index, value] of [NAME_OF_QUESTION, type, 1, 0, 1, octets.length].entries()) {
    view.setUint16(at + index * 2, value);
  }
  for (const [index, octet] of octets.entries()) view.setUint8(at + 12 + index, octet);
}
