/**
 * The task engine without its HTTP: a store of tasks, and runners on it.
 *
 * @module
 */
export { defineTask, type TaskDefinition, type TaskOptions } from "./define_task.ts";
export { type NewTask, newTask } from "./new_task.ts";
export { type QueueCounts, readQueueCounts } from "./queue_counts.ts";
export { Runner } from "./runner.ts";
export { type RunnerOptions } from "./runner_options.ts";
export { type RunnerMetrics } from "./runner_metrics.ts";
export { type RunOutcome } from "./run_outcome.ts";
export { type Task, type TaskState } from "./task_state.ts";
export { type TaskEntry, TaskStore } from "./task_store.ts";
