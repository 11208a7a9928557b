import { OpenAPIHono } from "@hono/zod-openapi";
import { STATUS_TEXT } from "@std/http/status";
import { z } from "zod";
import { problemSchema } from "../contract/problem.ts";
import type { AnswerRule, Route, UpstreamName } from "../route.ts";

type Registry = OpenAPIHono["openAPIRegistry"];
type Operation = Parameters<Registry["registerPath"]>[0];
type Answers = Operation["responses"];

const INFO = {
  title: "Flotilla",
  version: "1.0.0",
  description:
    "Balanced gateways in front of accounts, records and long-running tasks. Sign in with `POST /auth/login` " +
    "and send the token as `Authorization: Bearer`. Failures are `application/problem+json` (RFC 9457).",
};

const TAGS: Readonly<Record<UpstreamName, string>> = {
  auth: "Accounts",
  service: "Records",
  worker: "Tasks",
  gateway: "Description",
};

/** The API described in OpenAPI 3.1, made of the same table that requests are judged by. */
export function describeApi(table: readonly Route[]): object {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  for (const route of table) app.openAPIRegistry.registerPath(operationOf(route));
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: "/" }],
    tags: [...new Set(table.map(({ upstream }) => TAGS[upstream]))].map((name) => ({ name })),
  });
}

function operationOf(route: Route): Operation {
  const { name, summary, method, path, access, upstream } = route;
  return {
    operationId: name,
    summary,
    tags: [TAGS[upstream]],
    method: lowerCase(method),
    path: path.replaceAll(/:(\w+)/g, "{$1}"),
    ...(access === "public" ? {} : { security: [{ token: [] }] }),
    ...(access === "public" || access === "user" ? {} : { description: `Needs the right \`${access}\`.` }),
    request: requestOf(route),
    responses: answersOf(route),
  };
}

function requestOf({ params, query, body, fields }: Route): NonNullable<Operation["request"]> {
  return {
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(fields === undefined ? {} : { headers: fieldSchemas(fields) }),
    ...(body === undefined ? {} : {
      body: {
        required: true,
        content: Object.fromEntries(body.types.map((type) => [type, { schema: body.schema }])),
      },
    }),
  };
}

/** What any route may answer by what it takes, after what it says itself. */
function answersOf(route: Route): Answers {
  const { access, body, params, query, answers, upstream } = route;
  const failures: [number, boolean, string][] = [
    [400, body !== undefined || params !== undefined, "The request is malformed"],
    [401, access !== "public", "No token, or one that does not hold"],
    [403, access !== "public" && access !== "user", "The caller does not have the right"],
    [404, params !== undefined, "There is none of that name, or not for the caller"],
    [413, body !== undefined, `The content has more than ${body?.limit ?? 0} bytes`],
    [415, body !== undefined, "The content is of another type"],
    [422, body !== undefined || params !== undefined || query !== undefined, "The request does not fit"],
    [429, true, "Too many requests: try again after Retry-After"],
    [502, upstream !== "gateway", "The answer broke off"],
    [503, upstream !== "gateway", "Nobody can answer now: try again after Retry-After"],
    [504, upstream !== "gateway", "The answer did not come in time"],
  ];
  const general = failures.filter(([status, may]) => may && !(status in answers))
    .map(([status, , description]) => [status, problemOf({ description })] as const);
  const own = Object.entries(answers).map(([status, rule]) =>
    [status, Number(status) < 400 ? answerOf(Number(status), rule) : problemOf(rule)] as const
  );
  return Object.fromEntries([...own, ...general].sort(([one], [other]) => Number(one) - Number(other)));
}

function answerOf(status: number, { description, schema, type, fields }: AnswerRule): Answers[string] {
  const bodiless = status === 204 || status === 304 || (schema === undefined && type === undefined);
  const mediaType = type ?? "application/json";
  const content = schema === undefined ? { [mediaType]: {} } : { [mediaType]: { schema } };
  return {
    description: description || STATUS_TEXT[status] || "",
    ...(fields === undefined ? {} : { headers: fieldSchemas(fields) }),
    ...(bodiless ? {} : { content }),
  };
}

function problemOf({ description }: AnswerRule): Answers[string] {
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}

function fieldSchemas(fields: Readonly<Record<string, string>>): z.ZodObject {
  const shape = Object.entries(fields).map(([name, description]) =>
    [name, z.string().optional().meta({ description })] as const
  );
  return z.object(Object.fromEntries(shape));
}

function lowerCase(method: Route["method"]): Operation["method"] {
  switch (method) {
    case "GET":
      return "get";
    case "POST":
      return "post";
    case "PUT":
      return "put";
    case "PATCH":
      return "patch";
    case "DELETE":
      return "delete";
  }
}
