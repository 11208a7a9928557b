// What Deno's own types of `node:sqlite` leave out.

declare module "node:sqlite" {
  interface StatementSync {
    /** Whether rows are arrays of their columns from now on, and not objects. */
    setReturnArrays(enabled: boolean): void;
  }
}

export {};
