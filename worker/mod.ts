/**
 * The task queue and its runner: durable long-running work behind `/longtask`.
 *
 * @module
 */
export { backoff, type RetryPolicy } from "./engine/backoff.ts";
export { defineTask, PermanentError, type TaskDefinition, type TaskOptions } from "./engine/define_task.ts";
export { builtinKinds } from "./kinds/builtin.ts";
export { type ServiceTarget } from "./service_caller.ts";
export { type ArtifactWriter, type ServiceCaller, type TaskContext } from "./engine/task_context.ts";
export { TASK_STATUSES, type TaskStatus } from "./engine/task_state.ts";
export { createWorker, type Worker, type WorkerOptions } from "./worker.ts";
