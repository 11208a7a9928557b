import { ProblemError } from "@flotilla/runtime";
import type { Context } from "hono";
import { endSchedule, readSchedules } from "../engine/schedules.ts";
import type { Task } from "../engine/task_state.ts";
import {
  ownerOf,
  refuseOtherMethods,
  type RouteOptions,
  type TaskApp,
  type TaskBindings,
} from "./task_app.ts";
import { scheduleView } from "./schedule_view.ts";

/** Looking at the tasks that come again, and ending their coming. They are made by `POST /longtask` with `repeat`. */
export function addScheduleRoutes(app: TaskApp, options: RouteOptions): void {
  const { store, clock, retention } = options;

  async function scheduleOf(c: Context<TaskBindings>): Promise<Task> {
    const id = c.req.param("id") ?? "";
    const [next] = await readSchedules(store, ownerOf(c), id);
    if (next !== undefined) return next;
    throw notFound(id);
  }

  app.get("/longtask/schedules", async (c) => {
    const tasks = await readSchedules(store, ownerOf(c));
    return c.json({ schedules: tasks.map(scheduleView) });
  });

  app.get("/longtask/schedules/:id", async (c) => c.json(scheduleView(await scheduleOf(c))));

  app.delete("/longtask/schedules/:id", async (c) => {
    const id = c.req.param("id");
    if (await endSchedule(store, { owner: ownerOf(c), id }, { now: clock.now(), retention })) {
      return c.body(null, 204);
    }
    throw notFound(id);
  });

  refuseOtherMethods(app, "/longtask/schedules", "GET");
  refuseOtherMethods(app, "/longtask/schedules/:id", "GET, DELETE");
}

function notFound(id: string): ProblemError {
  return new ProblemError(404, `You have no schedule ${JSON.stringify(id.slice(0, 64))}`);
}
