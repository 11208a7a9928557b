import { addCollectionRoutes } from "./collection_routes.ts";
import { addItemRoutes } from "./item_routes.ts";
import { addScheduleRoutes } from "./schedule_routes.ts";
import { createTaskApp, type RouteOptions, type TaskApp } from "./task_app.ts";

/** `/longtask` of the public API, as the gateway passes it on. */
export function createRoutes(options: RouteOptions): TaskApp {
  const app = createTaskApp(options.verifier);
  addCollectionRoutes(app, options);
  addScheduleRoutes(app, options);
  addItemRoutes(app, options);
  return app;
}
