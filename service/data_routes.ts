import { batchRecords } from "./batch_records.ts";
import { createRecord, deleteRecord, patchRecord, replaceRecord } from "./change_record.ts";
import { addRoutes, type DataApp, type DataEnvironment, type DataHandler } from "./data_environment.ts";
import { exportRecords } from "./export_records.ts";
import { importRecords } from "./import_records.ts";
import { listRecords } from "./list_records.ts";
import { readRecord } from "./read_record.ts";
import { allEvents, recordEvents } from "./record_events.ts";

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
  addRoutes(app, "/data/batch", { verifier, methods: { POST: writes(batchRecords) } });
  addRoutes(app, "/data/events", { verifier, methods: { GET: reads(allEvents) } });
  addRoutes(app, "/data/export", { verifier, methods: { GET: reads(exportRecords) } });
  addRoutes(app, "/data/import", { verifier, methods: { POST: writes(importRecords) } });
  addRoutes(app, "/data/:id/events", { verifier, methods: { GET: reads(recordEvents) } });
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
