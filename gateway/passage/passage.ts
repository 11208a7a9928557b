import type { AssertionSigner } from "@flotilla/auth/verify";
import type { AttemptSource, Crossing, Door, Knock, Reply } from "@flotilla/balancer";
import { HeadFields, KnownOctets, KnownOctetsByPeer, latin1 } from "@flotilla/balancer";
import { continueTrace, type FramedRole, ProblemError, type ServeInfo } from "@flotilla/runtime";
import type { Admission } from "../admission.ts";
import type { Client, ClientOf } from "../client.ts";
import { isMarked, takesGzip } from "../compression.ts";
import type { Cors } from "../cors.ts";
import { bearerToken } from "../credentials.ts";
import type { GatewayMetrics } from "../gateway_metrics.ts";
import { PASSED_INWARDS } from "../inward_fields.ts";
import type { Route } from "../route.ts";
import type { Router } from "../router.ts";
import type { AdaptiveLimit } from "../limits/adaptive_limit.ts";
import { type CrossingParts, ReadCrossing } from "./crossing.ts";
import { CrossingRoutes, PLAIN_PATH } from "./crossing_routes.ts";
import { InwardHead } from "./inward_head.ts";
import { OutwardHead } from "./outward_head.ts";
import { PathSet } from "./path_set.ts";
import { type Refusal, refusalOctets, TurnedAway } from "./turned_away.ts";

/** What {@linkcode Passage} works with: the parts that the gateway itself works with. */
export interface PassageOptions {
  readonly role: FramedRole;
  readonly router: Router;
  /** What the router was made of. */
  readonly routes: readonly Route[];
  readonly admission: Admission;
  readonly assertions: AssertionSigner;
  readonly clientOf: ClientOf;
  readonly cors: Cors;
  readonly metrics: GatewayMetrics;
  readonly instance: string;
  /** The way to the data services. */
  readonly source: AttemptSource;
  /** Bounds what is costly. */
  readonly costly: AdaptiveLimit;
}

/** Fields that decide whether a request may cross, or that are read on its way. */
const LOOKED_AT = [
  "accept-encoding",
  "authorization",
  "origin",
  "traceparent",
  "tracestate",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
];

/** How many paths, and how many origins of requests, are remembered; then all of them are forgotten. */
const REMEMBERED = 4_096;

/**
 * Lets plain reads of data pass as octets: a `GET` whose token was checked before, whose permit is at hand, and whose answer
 * is passed on as it comes. Whatever is to be waited for, judged, packed or refused goes to the gateway's `fetch`, which
 * decides by the same table, admission and rules; a request is counted by one of the two.
 */
export class Passage implements Door {
  readonly #options: PassageOptions;
  readonly #parts: CrossingParts;
  readonly #fields = new HeadFields([...LOOKED_AT, ...PASSED_INWARDS]);
  readonly #tokens = new KnownOctets<string>();
  readonly #clients = new Map<string | undefined, Client>();
  /** Clients that a proxy in front has named. */
  readonly #forwarded = new KnownOctetsByPeer<Client>();
  readonly #worthPacking = new PathSet(REMEMBERED);
  readonly #takesGzip = new Map<string, boolean>();
  readonly #routes: CrossingRoutes;

  #refusals: { readonly plain?: Refusal | undefined; readonly secure?: Refusal | undefined } = {};

  constructor(options: PassageOptions) {
    const { role, source, metrics, cors: { varies }, instance } = options;
    this.#options = options;
    this.#routes = new CrossingRoutes(options.routes);
    this.#parts = {
      source,
      frame: role.frame,
      metrics,
      inward: new InwardHead({ instance, fields: this.#fields }),
      outward: new OutwardHead({ instance, varies }),
      instance,
      draining: role.frame.draining,
      worthPacking: this.#worthPacking,
    };
    void this.#prepareRefusals();
  }

  /** A flood of what is costly is refused here, since each request that is made an object costs more than its refusal. */
  turnAway(knock: Knock): Reply | undefined {
    const { costly, role, metrics, instance } = this.#options;
    const { bytes, head } = knock;
    if (!costly.full || role.draining || head.expectsContinue || head.upgradeEnd !== 0) return undefined;
    if (head.pathStart !== head.targetStart || head.requestIdEnd === 0) return undefined;
    const method = latin1(bytes, head.methodStart, head.methodEnd);
    const route = this.#costlyRoute(latin1(bytes, head.pathStart, head.targetEnd), method);
    if (route === undefined || !this.#fields.read(bytes, head) || this.#fields.has("origin")) {
      return undefined;
    }
    const refusal = this.#client(knock).secure ? this.#refusals.secure : this.#refusals.plain;
    if (refusal === undefined) return undefined;
    return new TurnedAway({ frame: role.frame, metrics, instance }, { knock, route, refusal });
  }

  answer(request: Request, info: ServeInfo): Promise<Response> {
    return this.#options.role.fetch(request, info);
  }

  open(knock: Knock): Crossing | undefined {
    const { admission, assertions, role } = this.#options;
    const { bytes, head, peer } = knock;
    if (head.method !== "GET" || head.expectsContinue || head.upgradeEnd !== 0 || role.draining) {
      return undefined;
    }
    if (head.pathStart !== head.targetStart) return undefined;
    const target = this.#routes.find(latin1(bytes, head.pathStart, head.targetEnd));
    if (target === undefined || !this.#fields.read(bytes, head)) return undefined;
    const { path, route } = target;
    if (this.#isSpecial(path)) return undefined;
    const token = this.#token(bytes);
    if (token === undefined) return undefined;
    const admitted = admission.admitAtOnce({
      access: route.access,
      token,
      ready: (caller) => assertions.peek(caller) !== undefined,
    });
    if (admitted === undefined) return undefined;
    const assertion = assertions.peek(admitted.caller) ?? "";
    const trace = continueTrace(this.#fields);
    const client = this.#client(knock);
    return new ReadCrossing(this.#parts, { route, path, peer, client, admitted, assertion, trace });
  }

  #costlyRoute(path: string, method: string): Route | undefined {
    if (!PLAIN_PATH.test(path)) return undefined;
    const route = this.#options.router.match(path)?.routes.get(method);
    return route?.costly ? route : undefined;
  }

  async #prepareRefusals(): Promise<void> {
    const { instance, cors: { varies } } = this.#options;
    const [plain, secure] = await Promise.all(
      [false, true].map((secure) => refusalOctets({ instance, varies, secure })),
    );
    this.#refusals = { plain, secure };
  }

  /** Whether the answer would have to be shaped for this client. */
  #isSpecial(path: string): boolean {
    const fields = this.#fields;
    return fields.has("origin") || (this.#packs() && this.#worthPacking.has(path)) ||
      isMarked(fields.get("if-none-match") ?? "") || isMarked(fields.get("if-match") ?? "");
  }

  /**
   * Whether the client takes packed answers: nearly all do, and most reads are too short to be packed. One that turns out
   * longer is sent as it is, and the next of its path is packed.
   */
  #packs(): boolean {
    const given = this.#fields.get("accept-encoding");
    if (given === null) return false;
    let takes = this.#takesGzip.get(given);
    if (takes === undefined) {
      if (this.#takesGzip.size >= REMEMBERED) this.#takesGzip.clear();
      this.#takesGzip.set(given, takes = takesGzip(given));
    }
    return takes;
  }

  #token(bytes: Uint8Array): string | undefined {
    const span = this.#fields.span("authorization");
    if (span === undefined) return undefined;
    return this.#tokens.get(bytes, [span.colon + 1, span.next - 2], () => {
      try {
        return bearerToken(this.#fields);
      } catch (error) {
        if (error instanceof ProblemError) return undefined;
        throw error;
      }
    });
  }

  #client({ bytes, head, peer }: Knock): Client {
    const make = () => this.#options.clientOf(this.#fields, { peer, secure: false });
    if (head.forwarded && peer !== undefined) {
      return this.#forwarded.of(peer).get(bytes, head.originSpans, make);
    }
    let client = this.#clients.get(peer);
    if (client === undefined) {
      if (this.#clients.size >= REMEMBERED) this.#clients.clear();
      this.#clients.set(peer, client = make());
    }
    return client;
  }
}
