import { createRecord, deleteRecord, patchRecord, replaceRecord } from "./change_record.ts";
import { addRoutes, type DataApp, type DataEnvironment, type DataHandler } from "./data_environment.ts";
import { listRecords } from "./list_records.ts";
import { readRecord } from "./read_record.ts";

/** Everything under `/data`. */
export function addDataRoutes(app: DataApp, environment: DataEnvironment): void {
  const reads = (make: (environment: DataEnvironment) => DataHandler) => ({
    right: "data:read" as const,
    handle: make(environment),
  });
  const writes = (make: (environment: DataEnvironment) => DataHandler) => ({
    right: "data:write" as const,
    handle: make(environment),
  });
  const { verifier } = environment;
  addRoutes(app, "/data", { verifier, methods: { GET: reads(listRecords), POST: writes(createRecord) } });
  addRoutes(app, "/data/:id", {
    verifier,
    methods: {
      GET: reads(readRecord),
      PUT: writes(replaceRecord),
      PATCH: writes(patchRecord),
      DELETE: writes(deleteRecord),
    },
  });
}
