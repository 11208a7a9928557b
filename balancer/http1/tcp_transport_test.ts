import { transportConformance } from "../testing/transport_conformance.ts";
import { tcpTransport } from "./tcp_transport.ts";

transportConformance("tcp", () => tcpTransport());
