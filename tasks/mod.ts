/**
 * What the programs behind `deno task` are made of, for the tests of the whole system.
 *
 * @module
 */
export { adminOriginOf, type PlannedProcess, type PlanOptions, planProcesses } from "./plan.ts";
export { topology } from "./topology.ts";
export { type CheckedTopology, parseTopology, type Topology, TopologyError } from "./topology_schema.ts";
