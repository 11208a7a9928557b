import { type LoadedRecord, loadedRecords } from "./records.ts";

const encoder = new TextEncoder();

/** Puts all records into Redis as the JSON text that is answered, over one pipelined connection. */
export async function loadRedis(port: number): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const answered = countAnswers(connection);
  const writer = connection.writable.getWriter();
  let commands = "";
  let sent = 0;
  for (const record of loadedRecords()) {
    commands += setCommand(`record:${record.id}`, recordText(record));
    if (++sent % 1_000 > 0) continue;
    await writer.write(encoder.encode(commands));
    commands = "";
  }
  await writer.write(encoder.encode(commands));
  await answered(sent);
}

function countAnswers(connection: Deno.TcpConn): (wanted: number) => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let answers = 0;
  let until = Infinity;
  const settle = () => answers >= until && resolve();
  void connection.readable.pipeTo(
    new WritableStream({
      write(bytes) {
        for (const byte of bytes) if (byte === 0x0a) answers++;
        settle();
      },
    }),
    { preventCancel: true },
  ).catch(() => {});
  return (wanted) => {
    until = wanted;
    settle();
    return promise;
  };
}

/** RESP: an array of bulk strings. All of them are ASCII here, so characters are bytes. */
function setCommand(key: string, value: string): string {
  const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
  return `*3\r\n${bulk("SET")}${bulk(key)}${bulk(value)}`;
}

/** What Flotilla answers as a record. */
function recordText({ id, value }: LoadedRecord): string {
  const time = "2025-01-01T00:00:00.000Z";
  return JSON.stringify({
    id,
    value,
    version: 100_000 + value.count,
    created: time,
    updated: time,
    owner: "admin",
    access: "public",
  });
}
