import {
  newRecordSchema,
  recordAnswerSchema,
  recordContentSchema,
  recordPageSchema,
  recordParams,
  recordPatchSchema,
  recordQuery,
} from "../contract/record.ts";
import type { AnswerRule, Route } from "../route.ts";
import { QUICK, record, recordPatch } from "./body_rules.ts";

const IF_MATCH = { "If-Match": "Only if the record is still at this ETag" };
const ETAG = { ETag: "Its version" };
const CHANGED: AnswerRule = { description: "The record", schema: recordAnswerSchema, fields: ETAG };
const CREATED: AnswerRule = {
  description: "The new record",
  schema: recordAnswerSchema,
  fields: { ...ETAG, Location: "Where it is" },
};
const EVENTS: AnswerRule = { description: "Changes as they happen", type: "text/event-stream" };
const EVENT_FIELDS = { "Last-Event-ID": "Go on after this event" };
const FAILED: AnswerRule = { description: "The record is not at the version that If-Match names" };

/** Records. */
export const DATA_ROUTES: readonly Route[] = [
  {
    name: "listRecords",
    summary: "List records",
    method: "GET",
    path: "/data",
    access: "data:read",
    upstream: "service",
    query: recordQuery,
    answers: { 200: { description: "Records by id", schema: recordPageSchema } },
    timeout: QUICK,
  },
  {
    name: "createRecord",
    summary: "Make a record",
    method: "POST",
    path: "/data",
    access: "data:write",
    upstream: "service",
    body: record(newRecordSchema),
    fields: { "Idempotency-Key": "Makes the request safe to repeat for 24 hours" },
    idempotent: true,
    answers: {
      201: CREATED,
      409: {
        description: "A record with the id exists, or the first request with the Idempotency-Key still runs",
      },
    },
    timeout: QUICK,
  },
  {
    name: "watchRecords",
    summary: "Follow all records",
    method: "GET",
    path: "/data/events",
    access: "data:read",
    upstream: "service",
    fields: EVENT_FIELDS,
    answers: { 200: EVENTS },
    timeout: QUICK,
  },
  {
    name: "getRecord",
    summary: "Read a record",
    method: "GET",
    path: "/data/:id",
    access: "data:read",
    upstream: "service",
    params: recordParams,
    fields: { "If-None-Match": "Only if the record is not at this ETag any more" },
    answers: {
      200: { description: "The record", schema: recordAnswerSchema, fields: ETAG },
      304: { description: "It has not changed" },
    },
    timeout: QUICK,
  },
  {
    name: "replaceRecord",
    summary: "Write a record",
    method: "PUT",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    params: recordParams,
    fields: IF_MATCH,
    body: record(recordContentSchema),
    answers: { 200: CHANGED, 201: CREATED, 412: FAILED },
    timeout: QUICK,
  },
  {
    name: "patchRecord",
    summary: "Change a record",
    method: "PATCH",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    params: recordParams,
    fields: IF_MATCH,
    body: recordPatch(recordPatchSchema),
    answers: { 200: CHANGED, 412: FAILED },
    timeout: QUICK,
  },
  {
    name: "deleteRecord",
    summary: "Delete a record",
    method: "DELETE",
    path: "/data/:id",
    access: "data:write",
    upstream: "service",
    params: recordParams,
    fields: IF_MATCH,
    answers: { 204: { description: "It is gone" }, 412: FAILED },
    timeout: QUICK,
  },
  {
    name: "watchRecord",
    summary: "Follow a record",
    method: "GET",
    path: "/data/:id/events",
    access: "data:read",
    upstream: "service",
    params: recordParams,
    fields: EVENT_FIELDS,
    answers: { 200: EVENTS },
    timeout: QUICK,
  },
];
