// The npm package `deno-std` carries the Deno standard library as JavaScript without types. These declarations cover
// the functions that Flotilla calls, with the signatures of the standard library's documentation.

declare module "@std/assert" {
  // deno-lint-ignore no-explicit-any -- a constructor of any signature, as the standard library declares it
  type AnyConstructor = new (...args: any[]) => any;
  type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

  export class AssertionError extends Error {}
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    msg?: string,
  ): void;
  export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertInstanceOf<T extends AnyConstructor>(
    actual: unknown,
    expected: T,
    msg?: string,
  ): asserts actual is InstanceType<T>;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertObjectMatch(
    actual: Record<PropertyKey, unknown>,
    expected: Record<PropertyKey, unknown>,
    msg?: string,
  ): void;
  export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  export function assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
  export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertThrows(fn: () => unknown, msg?: string): unknown;
  export function assertThrows<E extends Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  export function fail(msg?: string): never;
  export function unreachable(msg?: string): never;
}

declare module "@std/async/abortable" {
  export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T>;
}

declare module "@std/async/deadline" {
  export function deadline<T>(p: Promise<T>, ms: number, options?: { signal?: AbortSignal }): Promise<T>;
}

declare module "@std/async/delay" {
  export interface DelayOptions {
    signal?: AbortSignal;
    persistent?: boolean;
  }
  export function delay(ms: number, options?: DelayOptions): Promise<void>;
}

declare module "@std/cli/parse-args" {
  export interface ParseArgsOptions {
    boolean?: readonly string[];
    string?: readonly string[];
    collect?: readonly string[];
    alias?: Readonly<Record<string, string | readonly string[]>>;
    default?: Readonly<Record<string, unknown>>;
    stopEarly?: boolean;
    "--"?: boolean;
    unknown?: (arg: string, key?: string, value?: unknown) => unknown;
  }
  export type Args = Record<string, unknown> & { _: (string | number)[] };
  export function parseArgs(args: readonly string[], options?: ParseArgsOptions): Args;
}

declare module "@std/csv/stringify" {
  export interface StringifyOptions {
    columns?: readonly string[];
    headers?: boolean;
    separator?: string;
  }
  export function stringify(data: readonly Record<string, unknown>[], options?: StringifyOptions): string;
}

declare module "@std/data-structures" {
  export class BinaryHeap<T> implements Iterable<T> {
    constructor(compare?: (a: T, b: T) => number);
    get length(): number;
    peek(): T | undefined;
    pop(): T | undefined;
    push(...values: T[]): number;
    clear(): void;
    isEmpty(): boolean;
    [Symbol.iterator](): IterableIterator<T>;
  }
  export class Deque<T> implements Iterable<T> {
    constructor(source?: Iterable<T>);
    get length(): number;
    pushBack(value: T, ...rest: T[]): number;
    pushFront(value: T, ...rest: T[]): number;
    popFront(): T | undefined;
    popBack(): T | undefined;
    peekFront(): T | undefined;
    peekBack(): T | undefined;
    isEmpty(): boolean;
    clear(): void;
    [Symbol.iterator](): IterableIterator<T>;
  }
  export class RedBlackTree<T> implements Iterable<T> {
    constructor(compare?: (a: T, b: T) => number);
    get size(): number;
    insert(value: T): boolean;
    remove(value: T): boolean;
    find(value: T): T | null;
    min(): T | null;
    max(): T | null;
    isEmpty(): boolean;
    [Symbol.iterator](): IterableIterator<T>;
  }
}

declare module "@std/encoding" {
  type Binary = ArrayBuffer | Uint8Array<ArrayBufferLike> | string;
  export function encodeHex(data: Binary): string;
  export function decodeHex(src: string): Uint8Array<ArrayBuffer>;
  export function encodeBase64(data: Binary): string;
  export function decodeBase64(src: string): Uint8Array<ArrayBuffer>;
  export function encodeBase64Url(data: Binary): string;
  export function decodeBase64Url(src: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/fmt/colors" {
  type Style = (text: string) => string;
  export const bold: Style;
  export const dim: Style;
  export const red: Style;
  export const green: Style;
  export const yellow: Style;
  export const blue: Style;
  export const magenta: Style;
  export const cyan: Style;
  export const gray: Style;
  export const underline: Style;
  export const stripAnsiCode: Style;
  export function setColorEnabled(value: boolean): void;
  export function getColorEnabled(): boolean;
}

declare module "@std/http/etag" {
  export function ifMatch(value: string | null, etag: string | undefined): boolean;
  export function ifNoneMatch(value: string | null, etag: string | undefined): boolean;
}

declare module "@std/http/server-sent-event-stream" {
  export interface ServerSentEventMessage {
    comment?: string;
    event?: string;
    data?: string;
    id?: string | number;
    retry?: number;
  }
  export class ServerSentEventStream
    extends TransformStream<ServerSentEventMessage, Uint8Array<ArrayBuffer>> {}
}

declare module "@std/http/status" {
  /** Reason phrases by status code. */
  export const STATUS_TEXT: Readonly<Record<number, string>>;
}

declare module "@std/path" {
  export function join(...paths: string[]): string;
  export function dirname(path: string): string;
  export function basename(path: string, suffix?: string): string;
  export function resolve(...paths: string[]): string;
  export function relative(from: string, to: string): string;
  export function fromFileUrl(url: string | URL): string;
  export function toFileUrl(path: string): URL;
  export function isAbsolute(path: string): boolean;
}

declare module "@std/streams" {
  export class TextLineStream extends TransformStream<string, string> {
    constructor(options?: { allowCR?: boolean });
  }
  export function toBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>>;
  export function toText(stream: ReadableStream): Promise<string>;
}

declare module "@std/crypto/timing-safe-equal" {
  export function timingSafeEqual(
    a: ArrayBufferView | ArrayBufferLike | DataView,
    b: ArrayBufferView | ArrayBufferLike | DataView,
  ): boolean;
}

declare module "@std/uuid/v7" {
  /** A UUID version 7 (RFC 9562): its first 48 bits are the time in milliseconds, so ids sort by creation. */
  export function generate(timestamp?: number): string;
  export function validate(id: string): boolean;
  export function extractTimestamp(uuid: string): number;
}
