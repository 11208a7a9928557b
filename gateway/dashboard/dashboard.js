// What the page does in the browser: it shows what the gateway sends, draws the plots, and asks before it gives an order.
"use strict";

const SPAN = 15 * 60;
/** What plots show at least, so that a system that has just started is not a sliver at the edge; seconds. */
const LEAST_SPAN = 2 * 60;
const SPARK_SPAN = 5 * 60;
const REPEAT = 2_000;
const NOTICE_TIME = 8_000;
/** Looks come every other second; when none came for so long, what the page shows is old. */
const STALE = 7_000;
const main = document.querySelector("main");

// --- What is bound to a name ---------------------------------------------------------------------------------------

const bound = new Map();
for (const element of document.querySelectorAll("[data-bind]")) {
  for (const pair of element.dataset.bind.split(" ")) {
    const colon = pair.indexOf(":");
    const name = pair.slice(colon + 1);
    if (!bound.has(name)) bound.set(name, []);
    bound.get(name).push({ element, kind: pair.slice(0, colon) });
  }
}

function show(changed) {
  for (const [name, value] of Object.entries(changed)) {
    for (const { element, kind } of bound.get(name) ?? []) apply(element, kind, value);
  }
}

function apply(element, kind, value) {
  if (kind === "text") element.textContent = value;
  else if (kind === "state") element.dataset.state = value;
  else if (kind === "title") element.firstElementChild.textContent = value;
  else element.setAttribute(kind, value);
}

// --- The last minutes ----------------------------------------------------------------------------------------------

let times = [];
let series = new Map();

function takeHistory(history) {
  times = history.times.map((time) => time / 1_000);
  series = new Map(Object.entries(history.series));
}

function addPoint(at, values) {
  const time = at / 1_000;
  if (times.length > 0 && time <= times.at(-1)) return;
  const names = new Set([...series.keys(), ...Object.keys(values)]);
  for (const name of names) {
    if (!series.has(name)) series.set(name, times.map(() => null));
    series.get(name).push(values[name] ?? null);
  }
  times.push(time);
  const old = times.findIndex((kept) => kept > time - SPAN);
  if (old <= 0) return;
  times.splice(0, old);
  for (const column of series.values()) column.splice(0, old);
}

// --- Figures -------------------------------------------------------------------------------------------------------

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const clock = (time) => new Date(time).toLocaleTimeString("en-GB");
const FIGURES = {
  rate: (value) => (value < 10 ? fine : whole).format(value),
  count: (value) => whole.format(value),
  share: (value) => `${whole.format(value * 100)}%`,
  seconds: (value) =>
    value < 1 ? `${(value < 0.01 ? fine : whole).format(value * 1_000)} ms` : `${fine.format(value)} s`,
};

/** From when to when there is something to see. */
function shownTime() {
  const end = times.at(-1) ?? Date.now() / 1_000;
  const first = times[0] ?? end;
  return [Math.min(end - LEAST_SPAN, Math.max(first, end - SPAN)), end];
}

// --- Plots ---------------------------------------------------------------------------------------------------------

class Plot {
  constructor(box) {
    this.box = box;
    this.legend = box.parentElement.querySelector(".legend");
    this.format = FIGURES[box.dataset.unit];
    this.names = [];
    new ResizeObserver(() => this.chart?.setSize(this.size())).observe(box);
  }

  wanted() {
    const patterns = this.box.dataset.series.split(" ");
    return patterns.flatMap((pattern) => {
      if (!pattern.endsWith("*")) return [pattern];
      return [...series.keys()].filter((name) => name.startsWith(pattern.slice(0, -1))).sort();
    });
  }

  update() {
    const names = this.wanted();
    if (!this.chart || names.join() !== this.names.join()) this.build(names);
    const data = [times, ...names.map((name) => series.get(name) ?? times.map(() => null))];
    this.chart.setData(data);
    this.tell(this.chart.cursor.idx ?? times.length - 1);
  }

  build(names) {
    this.names = names;
    this.chart?.destroy();
    this.legend.replaceChildren(...names.map(legendItem));
    this.outputs = [...this.legend.querySelectorAll("output")];
    const colours = [...this.legend.querySelectorAll("i")].map((mark) => getComputedStyle(mark).color);
    const axis = {
      stroke: () => getComputedStyle(this.box).color,
      grid: { stroke: () => this.lineColour(), width: 1 },
    };
    axis.ticks = { stroke: () => this.lineColour(), width: 1, size: 4 };
    axis.font = "11px system-ui, sans-serif";
    const share = this.box.dataset.unit === "share";
    this.chart = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { sync: { key: "flotilla" }, drag: { setScale: false }, points: { size: 6 } },
        scales: {
          x: { range: shownTime },
          y: { range: (_, __, most) => [0, share ? 1 : Math.max(most ?? 0, this.least()) * 1.1] },
        },
        axes: [
          {
            ...axis,
            size: 28,
            space: 70,
            // Times are shown to the minute: no mark twice.
            incrs: [60, 120, 300, 600],
            values: [[60, "{HH}:{mm}", null, null, null, null, null, null, 1]],
          },
          { ...axis, size: 54, space: 32, values: (_, ticks) => ticks.map((tick) => this.format(tick)) },
        ],
        series: [
          {},
          ...names.map((_, index) => ({
            stroke: colours[index],
            width: 1.75,
            fill: names.length === 1 ? faint(colours[index]) : undefined,
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: { setCursor: [(chart) => this.tell(chart.cursor.idx ?? times.length - 1)] },
      },
      [[], ...names.map(() => [])],
      this.box,
    );
  }

  least() {
    return { seconds: 0.004, rate: 1, count: 4 }[this.box.dataset.unit] ?? 1;
  }

  lineColour() {
    return getComputedStyle(this.box).borderTopColor;
  }

  tell(index) {
    for (const [position, name] of this.names.entries()) {
      const value = series.get(name)?.[index] ?? null;
      this.outputs[position].textContent = value === null ? "–" : this.format(value);
    }
  }

  size() {
    return { width: Math.max(120, this.box.clientWidth), height: this.box.clientHeight };
  }
}

const LABELS = { rps: "requests", errors: "failures" };

function legendItem(name, index) {
  const item = document.createElement("li");
  const mark = document.createElement("i");
  mark.className = `colour-${index % 6}`;
  const label = document.createElement("span");
  label.textContent = LABELS[name] ?? name.replace(/^\w+:/, "");
  const output = document.createElement("output");
  item.append(mark, label, output);
  return item;
}

function faint(colour) {
  return colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)");
}

const plots = [...document.querySelectorAll(".plot")].map((box) => new Plot(box));

function drawPlots() {
  for (const plot of plots) plot.update();
  for (const line of document.querySelectorAll("[data-spark]")) {
    drawSpark(line, series.get(`rps:${line.dataset.spark}`) ?? []);
  }
}

function drawSpark(line, values) {
  const [start, end] = shownTime();
  const span = Math.min(SPARK_SPAN, end - start);
  const first = Math.max(0, times.findIndex((time) => time >= end - span));
  const recent = values.slice(first);
  const most = Math.max(1, ...recent.map((value) => value ?? 0));
  const points = recent.map((value, index) => {
    const x = 120 - (end - times[first + index]) / span * 120;
    return `${x.toFixed(1)},${(26 - (value ?? 0) / most * 23).toFixed(1)}`;
  });
  line.setAttribute("points", points.join(" "));
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const plot of plots) plot.names = [];
  drawPlots();
});

document.querySelector("#spread")?.addEventListener("change", ({ target }) => {
  target.closest("figure").querySelector(".plot").dataset.series = target.value;
  drawPlots();
});

// --- Tasks ---------------------------------------------------------------------------------------------------------

const UNDER_WAY = new Set(["scheduled", "queued", "running", "retrying"]);
const template = document.querySelector("#task");

function showTasks({ own, running, failed }) {
  fill(document.querySelector("#own-tasks"), own);
  fill(document.querySelector("#running-tasks"), running);
  fill(document.querySelector("#failed-tasks"), failed);
}

/** Items are kept as long as their task is shown, so that the focus stays where it is. */
function fill(list, tasks) {
  const items = new Map([...list.children].map((item) => [item.dataset.task, item]));
  const wanted = tasks.map((task) =>
    describe(items.get(task.id) ?? template.content.firstElementChild.cloneNode(true), task)
  );
  for (const item of [...list.children]) if (!wanted.includes(item)) item.remove();
  for (const [index, item] of wanted.entries()) {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  }
}

function describe(item, task) {
  item.dataset.task = task.id;
  item.dataset.state = task.status;
  item.querySelector(".badge").textContent = task.status;
  item.querySelector("b").textContent = task.task;
  item.querySelector("code").textContent = task.id;
  const bar = item.querySelector("progress");
  bar.value = task.progress;
  bar.setAttribute("aria-label", `Progress of ${task.task} ${task.id}`);
  const over = !UNDER_WAY.has(task.status);
  bar.hidden = over;
  const about = [
    !over && `${whole.format(task.progress * 100)}%`,
    task.note,
    task.error?.message,
    task.owner && `of ${task.owner}`,
    task.worker && `on ${task.worker}`,
    task.attempt > 1 && `attempt ${task.attempt}`,
    clock(task.updated),
  ];
  item.querySelector(".about").textContent = about.filter(Boolean).join(" · ");
  const again = item.querySelector("button");
  again.hidden = task.status !== "failed" || task.owner === undefined;
  again.dataset.task = task.id;
  again.dataset.owner = task.owner ?? "";
  again.setAttribute("aria-label", `Send ${task.task} ${task.id} again`);
  return item;
}

// --- Orders --------------------------------------------------------------------------------------------------------

const dialog = document.querySelector("#confirm");
const amount = document.querySelector("#confirm-amount");
const notice = document.querySelector("#notice");
let noticeTimer;

const QUESTIONS = {
  drain: (
    { instance },
  ) => [`Drain ${instance}?`, "It gets no new requests. What it has in hand ends as usual."],
  resume: ({ instance }) => [`Undrain ${instance}?`, "It gets requests again."],
  weigh: ({ instance }) => [`Weigh ${instance}`, "One of weight 2 gets twice the share of one of weight 1."],
  scale: ({ group }) => [
    `Scale ${group}`,
    "New instances get requests once they are ready; those that go finish what they have in hand.",
  ],
  retry: ({ task }) => [`Send task again?`, `${task} starts from the beginning, with all its attempts.`],
};

/** The number that an order takes. */
const AMOUNTS = {
  weigh: {
    name: "weight",
    label: "Weight",
    limits: { min: "0.1", max: "1000", step: "0.1" },
    now: (button) => button.querySelector("[data-bind]").textContent,
  },
  scale: {
    name: "count",
    label: "Instances",
    limits: { min: "1", max: "64", step: "1" },
    now: (button) => button.dataset.count,
  },
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-order]");
  if (!button) return;
  event.preventDefault();
  const { order, instance, group, task, owner } = button.dataset;
  const asked = {
    order,
    ...(instance && { instance }),
    ...(group && { group }),
    ...(task && { task, owner }),
  };
  if (order === "report") give(asked);
  else ask(asked, button);
});

function ask(order, button) {
  const [title, text] = QUESTIONS[order.order](order);
  document.querySelector("#confirm-title").textContent = title;
  document.querySelector("#confirm-text").textContent = text;
  const input = amount.querySelector("input");
  const wanted = AMOUNTS[order.order];
  amount.hidden = wanted === undefined;
  input.disabled = amount.hidden;
  if (wanted) {
    amount.querySelector("span").textContent = wanted.label;
    for (const [name, value] of Object.entries(wanted.limits)) input.setAttribute(name, value);
    input.value = wanted.now(button);
  }
  dialog.returnValue = "cancel";
  dialog.onclose = () => {
    button.focus();
    if (dialog.returnValue !== "confirm") return;
    give(wanted === undefined ? order : { ...order, [wanted.name]: Number(input.value) });
  };
  dialog.showModal();
}

/** The orders that were given, the newest first. */
function showOrders(entries) {
  document.querySelector("#orders").replaceChildren(...entries.map(({ at, by, what, failure }) => {
    const item = template.content.firstElementChild.cloneNode(true);
    for (const unneeded of item.querySelectorAll("progress, button")) unneeded.remove();
    item.dataset.state = failure === undefined ? "succeeded" : "failed";
    item.querySelector(".badge").textContent = failure === undefined ? "done" : "failed";
    item.querySelector("b").textContent = what;
    const about = [`by ${by}`, `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`, failure];
    item.querySelector(".about").textContent = about.filter(Boolean).join(" · ");
    return item;
  }));
}

async function give(order) {
  try {
    const response = await fetch("/dashboard/orders", {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": main.dataset.formToken },
      body: JSON.stringify(order),
    });
    const about = `${order.order} ${order.instance ?? order.group ?? order.task ?? ""}`;
    if (response.ok) return say(`${response.status === 202 ? "Under way" : "Done"}: ${about}`);
    const { detail } = await response.json();
    say(`Refused: ${detail}`, "bad");
  } catch {
    say("The order could not be sent", "bad");
  }
}

function say(text, state = "good") {
  notice.textContent = text;
  notice.dataset.state = state;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => notice.textContent = "", NOTICE_TIME);
}

// --- Events --------------------------------------------------------------------------------------------------------

let lastLook;
const live = document.querySelector(".live");
const liveText = document.querySelector("#live-text");

function setLive(state, text) {
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  liveText.textContent = text;
}

function seen() {
  return lastLook ? `: this is how it was at ${clock(lastLook.at)}` : "";
}

setInterval(() => {
  if (live.dataset.state === "live" && performance.now() - lastLook.came > STALE) {
    setLive("lost", `No news${seen()}`);
  }
}, 1_000);

function follow() {
  const events = new EventSource("/dashboard/events");
  const on = (name, take) => events.addEventListener(name, ({ data }) => take(JSON.parse(data)));
  on("history", takeHistory);
  on("tasks", showTasks);
  on("audit", showOrders);
  on("look", ({ at, topology, changed, values }) => {
    if (topology !== main.dataset.topology) return location.reload();
    lastLook = { at, came: performance.now() };
    setLive("live", "Live");
    show(changed);
    addPoint(at, values);
    if (!document.hidden) drawPlots();
  });
  events.addEventListener("error", () => {
    setLive("lost", `Connecting again${seen()}`);
    // The browser comes again by itself, unless it was refused.
    if (events.readyState === EventSource.CLOSED) setTimeout(followAgain, REPEAT);
  });
  addEventListener("pagehide", () => events.close(), { once: true });
}

async function followAgain() {
  try {
    const { status } = await fetch("/dashboard/session");
    if (status === 401) return location.reload();
    if (status === 204) return follow();
  } catch {
    // Nobody answers now.
  }
  setTimeout(followAgain, REPEAT);
}

follow();
