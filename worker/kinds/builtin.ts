import type { TaskDefinition } from "../engine/define_task.ts";
import { checksum } from "./checksum.ts";
import { exportRecords } from "./export.ts";
import { httpTask, type HttpTaskOptions } from "./http.ts";
import { importRecords } from "./import.ts";
import { report } from "./report.ts";

/** The kinds of task that a worker's process takes. */
export function builtinKinds(options: HttpTaskOptions = {}): readonly TaskDefinition[] {
  return [report, exportRecords, importRecords, checksum, httpTask(options)];
}
