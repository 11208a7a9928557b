import { assertEquals, assertThrows } from "@std/assert";
import {
  type AppliedWrite,
  checksumOf,
  frameSize,
  HEADER_BYTES,
  writeFrames,
  writeHeader,
} from "./redo_frame.ts";
import { RedoLog, RedoLogError } from "./redo_log.ts";
import { MemoryFile } from "./testing/memory_file.ts";
import { bytes } from "./testing/store_client.ts";

const STATE = { id: crypto.randomUUID(), version: 100 };
const CAPACITY = 64 * 1_024;

const write = (version: number, size = 10): AppliedWrite => ({
  version,
  effects: [{
    type: "put",
    key: bytes(`k${version}`),
    id: `k${version}`,
    value: new Uint8Array(size).fill(version),
    encoding: 3,
    expires: null,
  }],
});

const open = (file: MemoryFile, state = STATE) => new RedoLog("log", file, state, { capacity: CAPACITY });
const versions = (log: RedoLog, after = 0) => log.after(after).map(({ version }) => version);

Deno.test("RedoLog keeps what was flushed, and what was added after a version can be done again", () => {
  const file = new MemoryFile();
  file.stride = 1_000;
  const log = open(file);
  log.add([write(101), write(102, 5_000)]);
  log.flush();
  log.add([write(103)]);
  assertEquals([versions(log), versions(log, 101)], [[101, 102, 103], [102, 103]]);
  assertEquals(log.after(101)[0], write(102, 5_000));
  const again = open(file);
  assertEquals([versions(again), again.version], [[101, 102], 102]);
  again.add([write(104)]);
  again.flush();
  assertEquals(versions(open(file)), [101, 102, 104]);
});

Deno.test("RedoLog has its capacity on the disk from the beginning, and a frame goes where there was something before", () => {
  const file = new MemoryFile();
  const log = open(file);
  const { length } = file.content;
  assertEquals(length >= CAPACITY, true);
  log.add([write(101)]);
  log.flush();
  assertEquals([file.content.length, file.flushed.length], [length, length]);
});

Deno.test("RedoLog.restart() begins anew: nothing of before is in the log, also where it was longer", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.add([101, 102, 103, 104].map((version) => write(version)));
  log.flush();
  log.restart(104);
  assertEquals([versions(log), log.isFull], [[], false]);
  // Ended before anything of the new round was written: what is there is in the database already.
  assertEquals(versions(open(file, { ...STATE, version: 104 }), 104), []);
  log.add([write(105)]);
  log.flush();
  assertEquals(versions(open(file, { ...STATE, version: 104 })), [105]);
});

Deno.test("RedoLog.isFull says when little is left, and what is added all the same is kept", () => {
  const file = new MemoryFile();
  const log = open(file);
  let version = 100;
  while (!log.isFull) log.add([write(++version, 1_000)]);
  assertEquals(log.size > 0.9 * CAPACITY && log.size < CAPACITY, true);
  log.add([write(++version, 3 * CAPACITY)]);
  log.flush();
  assertEquals(versions(open(file)).length, version - 100);
});

Deno.test("RedoLog.add() throws where the disk has no room, and then nothing was added and no room taken", () => {
  const file = new MemoryFile();
  const log = open(file);
  const { length } = file.content;
  file.room = length + 100_000;
  log.add([write(101)]);
  const { size } = log;
  const failure = assertThrows(() => log.add([write(102), write(103, length)]), Error, "No space left");
  assertEquals("code" in failure && failure.code, "ENOSPC");
  assertEquals([log.size, versions(log), file.content.length], [size, [101], length]);
  log.add([write(104)]);
  log.flush();
  assertEquals(versions(open(file)), [101, 104]);
});

Deno.test("RedoLog opens on a disk without room, and tells a write", () => {
  const file = new MemoryFile();
  file.room = 1_000;
  const log = open(file);
  assertEquals(file.content.length, 0);
  assertThrows(() => log.add([write(101)]), Error, "No space left");
});

Deno.test("RedoLog.isFull says when little is left of what the disk has room for", () => {
  const file = new MemoryFile();
  file.room = 1.5 * 1_024 * 1_024;
  const log = new RedoLog("log", file, STATE, { capacity: 16 * 1_024 * 1_024 });
  let version = 100;
  for (let round = 0; round < 3; round++) {
    do log.add([write(++version, 10_000)]); while (!log.isFull);
    log.flush();
    log.restart(version);
  }
  assertEquals(file.content.length, 1_024 * 1_024);
});

Deno.test("RedoLog ignores the log of another database", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.add([write(101)]);
  log.flush();
  const other = open(file, { id: crypto.randomUUID(), version: 0 });
  assertEquals([versions(other), other.version], [[], 0]);
});

Deno.test("RedoLog takes nothing of another database for its own, though it begins anew in the same file with older versions", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.add([write(201), write(202)]);
  log.flush();
  const state = { id: crypto.randomUUID(), version: 100 };
  const other = open(file, state);
  other.add([write(101)]);
  other.flush();
  assertEquals(versions(open(file, state)), [101]);
});

Deno.test("RedoLog takes nothing for a write that was lost in a power cut, though what comes before it was written again", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.add([write(101), write(102), write(103)]);
  log.flush();
  // The disk had not written the second one.
  const size = frameSize(write(101));
  file.content.fill(0, HEADER_BYTES + size, HEADER_BYTES + 2 * size);
  const again = open(file);
  assertEquals(versions(again), [101]);
  again.add([{ version: 102, effects: write(104).effects }]);
  again.flush();
  assertEquals(versions(open(file)), [101, 102]);
});

Deno.test("RedoLog takes no value of an earlier round for a write, whatever it looks like", () => {
  const forged = new Uint8Array(HEADER_BYTES + 16);
  writeHeader(forged, { id: STATE.id, base: 0 });
  writeFrames(forged, HEADER_BYTES, [{ version: 2 ** 52, effects: [] }], checksumOf(forged));
  const value = new Uint8Array(640);
  for (let at = 0; at < value.length; at += 16) value.set(forged.subarray(HEADER_BYTES), at);
  const put = { type: "put", key: bytes("k"), id: "k", value, encoding: 3, expires: null } as const;
  for (let size = 50; size < 66; size++) {
    const file = new MemoryFile();
    const log = open(file);
    log.add([{ version: 101, effects: [put] }]);
    log.flush();
    log.restart(101);
    log.add([write(102, size)]);
    log.flush();
    assertEquals(versions(open(file, { ...STATE, version: 101 })), [102]);
  }
});

Deno.test("new RedoLog() refuses the log of a later state: the database was replaced by an older one", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.restart(200);
  log.add([write(201)]);
  log.flush();
  assertThrows(() => open(file), RedoLogError, "begins at version 200, and the database ends at 100");
});

Deno.test("RedoLog loses nothing that was flushed when the power fails in the middle of a later write", () => {
  const file = new MemoryFile();
  const log = open(file);
  log.add([write(101), write(102)]);
  log.flush();
  const before = file.flushed.slice();
  log.add([write(103, 20_000), write(104)]);
  log.flush();
  for (let torn = 0; torn < 25_000; torn += 512) {
    const after = new MemoryFile();
    after.content = before.slice();
    after.content.set(file.flushed.subarray(0, torn));
    const kept = versions(open(after));
    assertEquals(kept.slice(0, 2), [101, 102]);
    assertEquals(kept, [101, 102, 103, 104].slice(0, kept.length));
  }
});
