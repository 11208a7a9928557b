/** What {@linkcode nextSteps} tells about. */
export interface NextStepsOptions {
  /** Where clients call the system. */
  edge: string;
  /** Whether admin/password works. */
  developmentAdmin: boolean;
  /** The folder of the logs. */
  logs: string;
}

/** What a person can do now that the system is up: commands to copy. */
export function nextSteps(options: NextStepsOptions): string {
  const { edge, developmentAdmin, logs } = options;
  const credentials = developmentAdmin
    ? `{"username":"admin","password":"password"}`
    : `{"username":"<name>","password":"<password>"}`;
  return `Try next, with the token that the first of them answers in place of <token>:

  curl -X POST ${edge}/auth/login -H "Content-Type: application/json" -d '${credentials}'
  curl -H "Authorization: Bearer <token>" ${edge}/data
  curl -X POST -H "Authorization: Bearer <token>" -H "Content-Type: application/json" -d '{"task":"report"}' ${edge}/longtask

Watch it in a browser, as an administrator: ${edge}/dashboard
Logs are in ${logs}. Ctrl-C drains and stops everything; a second Ctrl-C stops it at once.`;
}
