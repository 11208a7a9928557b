import {
  asProblem,
  ProblemError,
  problemResponse,
  REQUEST_ID_HEADER,
  requestId,
  requireBearerToken,
} from "@flotilla/runtime";
import { z } from "zod";
import type { Balancer } from "./balancer.ts";
import type { UpstreamOptions } from "./upstream.ts";

/** What an admin API is made from. */
export interface AdminOptions {
  balancer: Balancer;
  /** Whoever shows this bearer token may read and change everything. */
  token: string;
}

const upstreamSchema = z.strictObject({
  url: z.string(),
  id: z.string().min(1).optional(),
  weight: z.number().optional(),
});
const weightSchema = z.strictObject({ weight: z.number() });

/**
 * The admin API, for a port of its own. Every request needs `Authorization: Bearer` with the token.
 *
 * | request | does |
 * |---|---|
 * | `GET /snapshot` | tells the state of everything |
 * | `POST /upstreams` `{"url", "id"?, "weight"?}` | adds one: 201; 409 when there is one of that id |
 * | `PATCH /upstreams/:id` `{"weight"}` | weighs one: 200 |
 * | `DELETE /upstreams/:id` | takes one away, without dropping what is inside it: 204 |
 * | `POST /upstreams/:id/drain` | sends it no new requests: 202 |
 * | `POST /upstreams/:id/resume` | sends it requests again: 204 |
 */
export function createAdmin(options: AdminOptions): (request: Request) => Promise<Response> {
  const { balancer, token } = options;
  return async (request) => {
    try {
      requireBearerToken(request, token, "The admin API needs its bearer token");
      return await route(request, balancer);
    } catch (thrown) {
      const id = requestId(request.headers.get(REQUEST_ID_HEADER));
      return problemResponse(asProblem(thrown), id);
    }
  };
}

/** What a request is about. */
interface Target {
  readonly balancer: Balancer;
  /** The upstream that the path names; empty where it names none. */
  readonly id: string;
}

type Handler = (request: Request, target: Target) => Response | Promise<Response>;

const ROUTES: ReadonlyMap<string, ReadonlyMap<string, Handler>> = new Map([
  ["snapshot", new Map<string, Handler>([["GET", tell], ["HEAD", tell]])],
  ["upstreams", new Map<string, Handler>([["POST", add]])],
  ["upstreams/:id", new Map<string, Handler>([["PATCH", weigh], ["DELETE", remove]])],
  ["upstreams/:id/drain", new Map<string, Handler>([["POST", drain]])],
  ["upstreams/:id/resume", new Map<string, Handler>([["POST", resume]])],
]);

function route(request: Request, balancer: Balancer): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, root, id, action, ...rest] = pathname.split("/");
  const place = [root, id === undefined ? undefined : ":id", action, ...rest].filter(Boolean).join("/");
  const methods = ROUTES.get(place);
  if (methods === undefined) throw new ProblemError(404, `The admin API has no ${pathname}`);
  const handler = methods.get(request.method);
  if (handler === undefined) {
    const headers = { allow: [...methods.keys()].join(", ") };
    throw new ProblemError(405, `The admin API has no ${request.method} ${pathname}`, { headers });
  }
  return handler(request, { balancer, id: decoded(id ?? "") });
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch (cause) {
    throw new ProblemError(400, "The name in the path is not properly encoded", { cause });
  }
}

function tell(_request: Request, { balancer }: Target): Response {
  return Response.json(balancer.snapshot());
}

async function add(request: Request, { balancer }: Target): Promise<Response> {
  const { url, id, weight } = await read(request, upstreamSchema);
  const upstream = { url, ...(id === undefined ? {} : { id }), ...(weight === undefined ? {} : { weight }) };
  const before = members(balancer);
  const name = id ?? URL.parse(url)?.host;
  if (before.some((member) => member.id === name)) {
    throw new ProblemError(409, `There is an upstream "${name}"`);
  }
  change(balancer, [...before, upstream]);
  const added = balancer.snapshot().upstreams.at(-1);
  const location = `/upstreams/${encodeURIComponent(added?.id ?? "")}`;
  return Response.json(added, { status: 201, headers: { location } });
}

async function weigh(request: Request, { balancer, id }: Target): Promise<Response> {
  const { weight } = await read(request, weightSchema);
  find(balancer, id);
  change(balancer, members(balancer).map((member) => member.id === id ? { ...member, weight } : member));
  return Response.json(find(balancer, id));
}

function remove(_request: Request, { balancer, id }: Target): Response {
  find(balancer, id);
  balancer.update(members(balancer).filter((member) => member.id !== id));
  return new Response(null, { status: 204 });
}

function drain(_request: Request, { balancer, id }: Target): Response {
  find(balancer, id);
  void balancer.drain(id);
  return Response.json(find(balancer, id), { status: 202 });
}

function resume(_request: Request, { balancer, id }: Target): Response {
  find(balancer, id);
  balancer.resume(id);
  return new Response(null, { status: 204 });
}

function find(balancer: Balancer, id: string) {
  const upstream = balancer.snapshot().upstreams.find((member) => member.id === id);
  if (upstream === undefined) throw new ProblemError(404, `There is no upstream "${id}"`);
  return upstream;
}

function members(balancer: Balancer): UpstreamOptions[] {
  return balancer.snapshot().upstreams.map(({ id, url, weight }) => ({ id, url, weight }));
}

async function read<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  let body: unknown;
  try {
    body = await request.json();
  } catch (cause) {
    throw new ProblemError(400, "The body must be JSON", { cause });
  }
  const result = schema.safeParse(body);
  if (!result.success) throw new ProblemError(422, z.prettifyError(result.error));
  return result.data;
}

/** What the balancer refuses (an address it cannot use, a weight out of range) is the caller's mistake. */
function change(balancer: Balancer, upstreams: UpstreamOptions[]): void {
  try {
    balancer.update(upstreams);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw new ProblemError(422, cause.message, { cause });
  }
}
