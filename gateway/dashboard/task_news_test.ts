import { assertEquals } from "@std/assert";
import { readMetrics } from "./reading.ts";
import { InstanceTrack } from "./instance_track.ts";
import { type SystemView, viewSystem } from "./system_view.ts";
import { TaskNews } from "./task_news.ts";

const WORKER = {
  name: "worker_1",
  role: "worker",
  origin: "http://127.0.0.1:1",
  ownOrigin: "http://127.0.0.1:1",
  tier: 0,
  calls: [],
};

/** A system whose worker tells these counts. */
function counting(tasks: Record<string, number>, at: number): SystemView {
  const text = Object.entries(tasks)
    .map(([status, count]) => `flotilla_worker_tasks{status="${status}"} ${count}\n`).join("");
  const track = new InstanceTrack();
  for (const time of [at - 2_000, at]) track.take(readMetrics(text, time));
  const known = new Map([[WORKER.name, { presence: track.presence, balancer: undefined }]]);
  return viewSystem({ instances: [WORKER] }, known, at);
}

Deno.test("TaskNews.at() is true when a count has changed, and at every look while something runs", () => {
  const news = new TaskNews();
  const looks = [
    { queued: 0, running: 0, succeeded: 5 },
    { queued: 0, running: 0, succeeded: 5 },
    { queued: 1, running: 0, succeeded: 5 },
    { queued: 0, running: 1, succeeded: 5 },
    { queued: 0, running: 1, succeeded: 5 },
    { queued: 0, running: 0, succeeded: 6 },
    { queued: 0, running: 0, succeeded: 6 },
  ];
  const told = looks.map((tasks, index) => news.at(counting(tasks, 2_000 * index), 0));
  assertEquals(told, [true, false, true, true, true, true, false]);
});

Deno.test("TaskNews.at() is true after a move from here, after half a minute, and after lists that could not be read", () => {
  const news = new TaskNews();
  const still = { queued: 0, running: 0 };
  assertEquals(news.at(counting(still, 0), 0), true);
  assertEquals(news.at(counting(still, 2_000), 1), true);
  assertEquals(news.at(counting(still, 31_999), 1), false);
  assertEquals(news.at(counting(still, 32_000), 1), true);
  news.forget();
  assertEquals(news.at(counting(still, 34_000), 1), true);
});

Deno.test("TaskNews.at() is true while no worker tells counts", () => {
  const news = new TaskNews();
  assertEquals([1, 2].map((at) => news.at(counting({}, at), 0)), [true, true]);
});
