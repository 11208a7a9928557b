/** What tests of every member use: a clock to move by hand, and a wait for a condition. */
export { eventually, type EventuallyOptions } from "./eventually.ts";
export { ManualClock } from "./manual_clock.ts";
