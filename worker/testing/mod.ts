/**
 * What tests of tasks use: a store to be cut off or to lose answers, and workers called in memory.
 *
 * @module
 */
export { type LossyKv, lossyKv, LostAnswerError } from "./lossy_kv.ts";
export { type PartitionedKv, partitionedKv } from "./partitioned_kv.ts";
export { principal, type SeenTask, TEST_KEY, WorkerLab } from "./worker_lab.ts";
