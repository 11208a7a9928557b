import { ProblemError } from "@flotilla/runtime";
import type { Change, Scope } from "./keyspace.ts";
import { alive, MAX_VALUE_BYTES, type StoredRecord } from "./record.ts";
import type { Snapshot } from "./record_database.ts";

/** What a write says of a record; number and times are added. */
export interface RecordContent extends Scope {
  readonly json: Uint8Array<ArrayBuffer>;
  readonly expires?: number;
  /** @default when it was first written */
  readonly created?: number;
}

/** What a write sees and does. Reads see the writes before them. */
export interface Draft {
  /** Milliseconds since the epoch. */
  readonly now: number;
  read(id: string): StoredRecord | undefined;
  /**
   * @param request names the request, where that may be sent twice
   * @throws {ProblemError} 413
   */
  put(id: string, content: RecordContent, request?: string): StoredRecord;
  delete(id: string, request?: string): void;
  /** What this very request has done already, when it was sent before. */
  doneBy(request: string | undefined): DoneBefore | undefined;
}

/** A change that was made when its request came for the first time. */
export interface DoneBefore {
  /** The change's number. */
  readonly seq: number;
  /** The record was not there before. */
  readonly created: boolean;
}

/** Looks a request up among the changes that are committed. */
export type RequestLookup = (request: string) => DoneBefore | undefined;

/** A change to commit, and the record it leaves. */
export interface DraftedChange {
  readonly seq: number;
  readonly change: Change;
  readonly record: StoredRecord | undefined;
}

/** Deno KV takes 819,200 bytes in one atomic write; the rest is room for keys and framing. */
const MAX_COMMIT_BYTES = 700_000;
/** Deno KV takes 1,000 mutations and 81,920 bytes of keys; a change needs three mutations and up to 260 bytes of keys. */
const MAX_COMMIT_CHANGES = 250;

/** The writes did not fit into one commit. */
export class CommitFullError extends Error {
  override readonly name = "CommitFullError";
}

/** Collects the changes of many writes for one commit. */
export class CommitDraft {
  readonly #snapshot: Snapshot;
  readonly #now: number;
  readonly #commit: string;
  readonly #doneBy: RequestLookup;
  #state = new Map<string, StoredRecord | undefined>();
  #changes: DraftedChange[] = [];
  #bytes = 0;

  /**
   * @param options.commit names the commit
   * @param options.doneBy knows the requests that are committed
   */
  constructor(snapshot: Snapshot, options: { now: number; commit: string; doneBy: RequestLookup }) {
    this.#doneBy = options.doneBy;
    this.#snapshot = snapshot;
    this.#now = options.now;
    this.#commit = options.commit;
  }

  /** In the order of their numbers. */
  get changes(): readonly DraftedChange[] {
    return this.#changes;
  }

  /** Runs one write; when it throws, nothing of it remains. */
  run<T>(write: (draft: Draft) => T): T {
    const before = { changes: this.#changes.length, bytes: this.#bytes };
    try {
      return write({
        now: this.#now,
        read: (id) => this.#read(id),
        put: (id, content, request) => this.#put(id, content, request),
        delete: (id, request) => this.#delete(id, request),
        doneBy: (request) => this.#requestDone(request),
      });
    } catch (error) {
      this.#changes.length = before.changes;
      this.#state = new Map(this.#changes.map(({ change, record }) => [change.id, record]));
      this.#bytes = before.bytes;
      throw error;
    }
  }

  #read(id: string): StoredRecord | undefined {
    const known = this.#state.has(id) ? this.#state.get(id) : this.#snapshot.records.get(id);
    return alive(known, this.#now);
  }

  #requestDone(request: string | undefined): DoneBefore | undefined {
    if (request === undefined) return undefined;
    const drafted = this.#changes.find(({ change }) => change.request === request);
    if (drafted === undefined) return this.#doneBy(request);
    return { seq: drafted.seq, created: drafted.change.created ?? false };
  }

  #put(id: string, content: RecordContent, request: string | undefined): StoredRecord {
    requireFit(content.json);
    const { owner, access, sharedWith, json, expires, created } = content;
    const before = this.#read(id);
    const record: StoredRecord = {
      json,
      version: this.#nextSeq(),
      created: created ?? before?.created ?? this.#now,
      updated: this.#now,
      owner,
      access,
      sharedWith,
      ...(expires === undefined ? {} : { expires }),
    };
    this.#add(id, { type: "put", scope: scopeOf(record), before, record, request });
    return record;
  }

  #delete(id: string, request: string | undefined): void {
    const before = this.#read(id);
    if (before === undefined) return;
    this.#add(id, { type: "delete", scope: scopeOf(before), before, record: undefined, request });
  }

  #nextSeq(): number {
    return this.#snapshot.latest.seq + this.#changes.length + 1;
  }

  #add(
    id: string,
    made: {
      type: Change["type"];
      scope: Scope;
      before: StoredRecord | undefined;
      record: StoredRecord | undefined;
      request: string | undefined;
    },
  ): void {
    const { type, scope, before, record, request } = made;
    const change: Change = {
      id,
      type,
      at: this.#now,
      commit: this.#commit,
      scope,
      ...(before === undefined ? { created: true } : {}),
      ...(request === undefined ? {} : { request }),
      ...(before === undefined || sameScope(scope, before) ? {} : { was: scopeOf(before) }),
    };
    this.#bytes += (record?.json.byteLength ?? 0) + 1_024 + 4 * namesLength(scope) + 2 * namesLength(before);
    if (this.#bytes > MAX_COMMIT_BYTES || this.#changes.length === MAX_COMMIT_CHANGES) {
      throw new CommitFullError(`Cannot commit: the writes have ${this.#bytes} bytes`);
    }
    this.#changes.push({ seq: this.#nextSeq(), change, record });
    this.#state.set(id, record);
  }
}

function requireFit(json: Uint8Array): void {
  if (json.byteLength <= MAX_VALUE_BYTES) return;
  throw new ProblemError(
    413,
    `The value has ${json.byteLength} bytes as JSON; a record takes ${MAX_VALUE_BYTES} at most`,
    { extensions: { limit: MAX_VALUE_BYTES, size: json.byteLength } },
  );
}

function scopeOf({ owner, access, sharedWith }: Scope): Scope {
  return { owner, access, sharedWith };
}

function sameScope(one: Scope, other: Scope): boolean {
  return one.owner === other.owner && one.access === other.access &&
    one.sharedWith.length === other.sharedWith.length &&
    one.sharedWith.every((name, index) => name === other.sharedWith[index]);
}

function namesLength(scope: Scope | undefined): number {
  return scope === undefined
    ? 0
    : scope.sharedWith.reduce((sum, name) => sum + name.length + 4, scope.owner.length);
}
