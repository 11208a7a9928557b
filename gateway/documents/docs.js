// The page at /docs: reads /openapi.json, and makes of each operation a form that sends the request.
// Everything that came over the network is put into the page as text, never as markup.

const methods = ["get", "post", "put", "patch", "delete"];
const tokenInput = document.querySelector("#token");
const operations = document.querySelector("#operations");

/** Makes an element: properties first, children after. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** What a `$ref` of the description stands for. */
function resolved(description, schema) {
  const name = schema?.$ref?.split("/").at(-1);
  return name === undefined ? schema : description.components.schemas[name];
}

/** Text without the marks of Markdown that the description uses. */
function plain(text) {
  return text.replaceAll("`", "");
}

function labelled(text, control) {
  return element("label", {}, text, control);
}

function parameterInput(parameter) {
  const { name, required, description, schema } = parameter;
  const input = schema?.enum === undefined
    ? element("input", { name, required, autocomplete: "off" })
    : element(
      "select",
      { name, required },
      ...["", ...schema.enum].map((value) => element("option", { value }, value)),
    );
  input.dataset.in = parameter.in;
  const note = [parameter.in, required ? "required" : "", description ?? ""].filter((part) => part !== "");
  return labelled(`${name} (${note.join("; ")})`, input);
}

function bodyInput(description, requestBody) {
  if (requestBody === undefined) return undefined;
  const [taken, { schema }] = Object.entries(requestBody.content)[0];
  const type = taken === "*/*" ? "text/plain" : taken;
  const example = resolved(description, schema)?.example ?? "";
  const text = element("textarea", {
    name: "body",
    spellcheck: false,
    value: typeof example === "string" ? example : JSON.stringify(example, undefined, 2),
  });
  text.dataset.type = type;
  return labelled(`Content (${type})`, text);
}

function shapeOf(description, schema) {
  const text = JSON.stringify(schema, undefined, 2);
  if (text === undefined) return undefined;
  const named = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
  const parts = [...new Set(named)].map((name) =>
    `${name}: ${JSON.stringify(description.components.schemas[name], undefined, 2)}`
  );
  return element("pre", { tabIndex: 0 }, [text, ...parts].join("\n\n"));
}

function answersTable(operation) {
  const rows = Object.entries(operation.responses).map(([status, { description }]) =>
    element("tr", {}, element("td", {}, status), element("td", {}, description))
  );
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "Status"),
    element("th", { scope: "col" }, "Meaning"),
  );
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

/** The request that a form stands for. */
function requestOf(form, { method, path }) {
  let target = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const input of form.querySelectorAll("[data-in]")) {
    const { name, value } = input;
    if (input.dataset.in === "path") target = target.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "" && input.dataset.in === "query") query.set(name, value);
    else if (value !== "" && input.dataset.in === "header") headers[name] = value;
  }
  const body = form.querySelector("textarea");
  if (body !== null) headers["content-type"] = body.dataset.type;
  if (tokenInput.value !== "") headers.authorization = `Bearer ${tokenInput.value}`;
  const search = query.size === 0 ? "" : `?${query}`;
  return { url: target + search, init: { method: method.toUpperCase(), headers, body: body?.value } };
}

function shellQuoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curlOf({ url, init: { method, headers, body } }) {
  const fields = Object.entries(headers).map(([name, value]) => `-H ${shellQuoted(`${name}: ${value}`)}`);
  const content = body === undefined ? [] : ["-d", shellQuoted(body)];
  return ["curl", "-i", "-X", method, ...fields, ...content, shellQuoted(location.origin + url)].join(" ");
}

function pretty(text, type) {
  if (!/json/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** Shows an answer as it comes, so that streams of events can be watched. */
async function showAnswer(response, output, status) {
  const { ok, headers } = response;
  status.className = ok ? "good" : "bad";
  status.textContent = `${response.status} ${response.statusText}`;
  const head = [...headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const type = headers.get("content-type") ?? "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    output.textContent = `${head}\n\n${pretty(text, type)}`;
    const { done, value } = await reader?.read() ?? { done: true };
    if (done) return;
    text = (text + value).slice(-200_000);
  }
}

function tryForm(description, operation, place) {
  const status = element("p", { role: "status" });
  const output = element("pre", { tabIndex: 0, hidden: true });
  const send = element("button", { type: "submit" }, "Send");
  const stop = element("button", { type: "button", className: "second", hidden: true }, "Stop");
  const curl = element("button", { type: "button", className: "second" }, "Show as curl");
  const inputs = (operation.parameters ?? []).map(parameterInput);
  const form = element(
    "form",
    {},
    ...inputs,
    bodyInput(description, operation.requestBody),
    send,
    stop,
    curl,
  );
  let running;
  stop.addEventListener("click", () => running?.abort());
  curl.addEventListener("click", () => {
    output.hidden = false;
    output.textContent = curlOf(requestOf(form, place));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const mine = running = new AbortController();
    const { url, init } = requestOf(form, place);
    output.hidden = stop.hidden = false;
    status.textContent = "Waiting";
    try {
      await showAnswer(await fetch(url, { ...init, signal: mine.signal }), output, status);
    } catch (error) {
      if (!mine.signal.aborted) status.textContent = `No answer: ${error.message}`;
    } finally {
      if (running === mine) stop.hidden = true;
    }
  });
  return element("div", {}, form, status, output);
}

function operationDetails(description, place, operation) {
  const { method, path } = place;
  const head = element(
    "summary",
    {},
    element("b", {}, method.toUpperCase()),
    element("code", {}, path),
    element("span", {}, operation.summary),
  );
  const [content] = Object.values(operation.requestBody?.content ?? {});
  const body = element("div", {});
  const details = element("details", { id: operation.operationId }, head, body);
  details.dataset.find = `${method} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase();
  details.addEventListener("toggle", () => {
    if (body.childElementCount > 0) return;
    body.append(
      element(
        "p",
        { className: "note" },
        operation.security === undefined ? "For everybody." : "Needs a token.",
        " ",
        plain(operation.description ?? ""),
      ),
      tryForm(description, operation, place),
      element("h3", {}, "Answers"),
      answersTable(operation),
    );
    const shape = shapeOf(description, content?.schema);
    if (shape !== undefined) body.append(element("h3", {}, "Content"), shape);
  });
  return details;
}

function show(description) {
  document.querySelector("#about").textContent = plain(description.info.description);
  for (const { name } of description.tags) {
    const found = Object.entries(description.paths).flatMap(([path, item]) =>
      methods.filter((method) => item[method]?.tags.includes(name))
        .map((method) => operationDetails(description, { method, path }, item[method]))
    );
    operations.append(element("h2", {}, name), ...found);
  }
  document.querySelector(location.hash || "#none")?.setAttribute("open", "");
}

document.querySelector("#filter").addEventListener("input", ({ target }) => {
  const words = target.value.toLowerCase().split(/\s+/);
  for (const details of document.querySelectorAll("details")) {
    details.hidden = !words.every((word) => details.dataset.find.includes(word));
  }
});

document.querySelector("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const result = document.querySelector("#sign-in-result");
  const body = JSON.stringify(Object.fromEntries(new FormData(event.target)));
  const headers = { "content-type": "application/json" };
  const response = await fetch("/auth/login", { method: "POST", headers, body });
  const answer = await response.json();
  result.className = response.ok ? "good" : "bad";
  result.textContent = response.ok ? `Signed in for ${answer.expires_in} s` : answer.detail;
  if (response.ok) tokenInput.value = answer.token;
});

show(await (await fetch("/openapi.json")).json());
