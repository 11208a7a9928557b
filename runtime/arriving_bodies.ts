/** The requests that came before some moment and are not answered yet. */
interface Group {
  open: number;
  /** Called when the last of them is answered. */
  onEmpty: () => void;
}

/**
 * Knows which requests with content are not answered yet, since their content may be on its way still.
 *
 * `Deno.HttpServer.shutdown()` makes the content of every request unreadable at once, though it says that it waits for them
 * (denoland/deno#36809, in 2.9): whoever shuts down waits here first.
 */
export class ArrivingBodies {
  #group: Group = newGroup();

  /** Follows a request until its answer begins; gives the answer back. */
  follow<T extends Response | Promise<Response>>({ method }: { readonly method: string }, answer: T): T {
    if (!(answer instanceof Promise) || method === "GET" || method === "HEAD") return answer;
    const group = this.#group;
    group.open++;
    const leave = () => {
      if (--group.open === 0) group.onEmpty();
    };
    answer.then(leave, leave);
    return answer;
  }

  /** Resolves when the requests are answered that have come by now; those that come later are not waited for. */
  async answered(): Promise<void> {
    const group = this.#group;
    this.#group = newGroup();
    if (group.open > 0) await new Promise<void>((resolve) => group.onEmpty = resolve);
  }
}

function newGroup(): Group {
  return { open: 0, onEmpty: () => {} };
}
