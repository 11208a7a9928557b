/** What tests of every member use: a clock to move by hand, a wait for a condition, a message of any shape. */
export { eventually, type EventuallyOptions } from "./eventually.ts";
export { MessageBuilder } from "./kv_connect/testdata/message_builder.ts";
export { ManualClock } from "./manual_clock.ts";
