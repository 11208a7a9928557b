import { BinaryHeap } from "@std/data-structures";

interface Head<T> {
  readonly value: T;
  readonly order: number;
  readonly rest: AsyncIterator<T>;
}

/**
 * Merges sequences, each in order of time, into one in order of time. Of equal times, the earlier sequence comes first, so
 * that lines of one sequence keep their order. One value of each is held.
 */
export async function* mergeByTime<T extends { readonly time: number }>(
  sequences: readonly AsyncIterable<T>[],
): AsyncGenerator<T> {
  const heads = new BinaryHeap<Head<T>>((a, b) => a.value.time - b.value.time || a.order - b.order);
  const advance = async (rest: AsyncIterator<T>, order: number) => {
    const { done, value } = await rest.next();
    if (done !== true) heads.push({ value, order, rest });
  };
  for (const [order, sequence] of sequences.entries()) await advance(sequence[Symbol.asyncIterator](), order);
  for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
    yield head.value;
    await advance(head.rest, head.order);
  }
}
