/** Keeps a balancer's upstreams in step with a source that changes. Stopping twice is safe. */
export interface Membership extends AsyncDisposable {
  stop(): Promise<void>;
}
