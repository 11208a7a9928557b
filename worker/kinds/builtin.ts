import type { TaskDefinition } from "../engine/define_task.ts";
import { report } from "./report.ts";

/** The kinds of task that a worker's process takes. */
export const builtinKinds: readonly TaskDefinition[] = [report];
