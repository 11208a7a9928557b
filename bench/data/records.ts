/** How many records the Zipf mix reads, and how many there are to be read once. */
export const KEYS = 100_000;

/** A record as both systems are loaded with it: id, and a value of about 100 bytes. */
export interface LoadedRecord {
  readonly id: string;
  readonly value: { readonly name: string; readonly text: string; readonly count: number };
}

const TEXT = "a line of text as long as it takes to make a hundred bytes of JSON";

/** `hot`, then `k000000` … for the Zipf mix, then `c000000` … for reads of what was never read. */
export function* loadedRecords(): Generator<LoadedRecord> {
  yield recordNamed("hot", 0);
  for (const letter of ["k", "c"]) {
    for (let number = 0; number < KEYS; number++) {
      yield recordNamed(`${letter}${String(number).padStart(6, "0")}`, number);
    }
  }
}

function recordNamed(id: string, count: number): LoadedRecord {
  return { id, value: { name: id, text: TEXT, count } };
}
