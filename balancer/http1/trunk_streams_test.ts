/**
 * The tests of what is done with connections, once more over streams of a trunk: nothing above can tell them apart.
 *
 * @module
 */
import "./bodies_test.ts";
import "./chaos_test.ts";
import "./connections_test.ts";
import "./door_test.ts";
import "./duties_test.ts";
import "./refusals_test.ts";
import "./timeouts_test.ts";
import { talkOver } from "./testing/proxy_fixture.ts";
import { streamPair } from "./testing/stream_pair.ts";

talkOver(streamPair);
