/**
 * A client of KV Connect servers, and what its servers share with it: the wire format, and the numbers of the protocol.
 *
 * @module
 */
export { commitChecked } from "./commit_checked.ts";
export { connectKv, type ConnectKvOptions } from "./connect_kv.ts";
export { ENCODING, MUTATION, READ_SUCCESS, type ReadRange, WRITE_STATUS } from "./datapath.ts";
export { KvOutcomeUnknownError, KvRefusedError, KvUnavailableError } from "./kv_errors.ts";
export { LIMITS } from "./limits.ts";
export { bytesFieldSize, varintSize, WIRE, WireError, WireReader, WireWriter } from "./wire.ts";
