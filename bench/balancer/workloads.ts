/** One kind of request to measure with. */
export interface Workload {
  readonly name: string;
  readonly method: "GET" | "POST";
  /** Bytes of the body: the answer's for GET, the request's for POST. */
  readonly bytes: number;
  readonly connections: number;
}

/** Small, middling and large bodies, each way. Fewer connections for 1 MB: 64 would only measure the memory's bus. */
export const WORKLOADS: readonly Workload[] = [
  { name: "GET 100 B", method: "GET", bytes: 100, connections: 64 },
  { name: "GET 10 kB", method: "GET", bytes: 10_000, connections: 64 },
  { name: "GET 1 MB", method: "GET", bytes: 1_000_000, connections: 16 },
  { name: "POST 100 B", method: "POST", bytes: 100, connections: 64 },
  { name: "POST 10 kB", method: "POST", bytes: 10_000, connections: 64 },
  { name: "POST 1 MB", method: "POST", bytes: 1_000_000, connections: 16 },
];

/** Path that the upstream answers for a workload. */
export function pathOf({ method, bytes }: Workload): string {
  return method === "GET" ? `/body/${bytes}` : "/post";
}
