import { Counter, type Registry } from "prom-client";

/** What became of a sign-in. */
export type SignInOutcome = "succeeded" | "failed" | "delayed" | "shed";

/** The measures of an auth service. */
export interface AuthMetrics {
  signedIn(outcome: SignInOutcome): void;
  refreshed(outcome: "refreshed" | "reused" | "invalid"): void;
}

/** Registers the measures of an auth service with `registry`. */
export function createAuthMetrics(registry: Registry): AuthMetrics {
  const signIns = new Counter({
    name: "flotilla_auth_sign_ins_total",
    help: "Attempts to sign in, by what became of them",
    labelNames: ["outcome"] as const,
    registers: [registry],
  });
  const refreshes = new Counter({
    name: "flotilla_auth_refreshes_total",
    help: "Refresh tokens presented, by what became of them",
    labelNames: ["outcome"] as const,
    registers: [registry],
  });
  return {
    signedIn: (outcome) => signIns.inc({ outcome }),
    refreshed: (outcome) => refreshes.inc({ outcome }),
  };
}
