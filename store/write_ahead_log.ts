/** Brings what SQLite has appended to its write-ahead log to the disk, while the event loop goes on. */
export interface WriteAheadLog extends Disposable {
  /** Resolves when everything that was committed before is on the disk. */
  flush(): Promise<void>;
}

/**
 * Opens the log of a database that was opened before.
 *
 * @param path of the database
 * @returns `undefined` where the log cannot be opened, for want of a permission: then SQLite must flush it itself
 */
export function openWriteAheadLog(path: string): WriteAheadLog | undefined {
  try {
    const file = Deno.openSync(`${path}-wal`, { read: true });
    return { flush: () => file.syncData(), [Symbol.dispose]: () => file.close() };
  } catch {
    return undefined;
  }
}
