import { assertEquals } from "@std/assert";
import { listeningPorts } from "./proc_net_tcp.ts";

const TABLE =
  `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16556 1 0000 100 0 0 10 0
   1: 0100007F:1F40 0100007F:8C54 01 00000000:00000000 00:00000000 00000000     0        0 16999 1 0000 20 4 30 10 -1
   2: 00000000000000000000000001000000:138D 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0000 100 0 0 10 0
`;

Deno.test("listeningPorts() finds the port of each listening socket, and of no connection", () => {
  assertEquals(listeningPorts(TABLE), new Map([["16556", 8_000], ["777", 5_005]]));
});

Deno.test("listeningPorts() finds nothing in an empty table", () => {
  assertEquals(listeningPorts(""), new Map());
});
