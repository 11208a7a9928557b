/** What a listener counts. Plain numbers: a request costs a few additions. How long answers take is measured for each upstream. */
export class ListenerStats {
  /** Connections accepted since the start. */
  accepted = 0;
  /** Connections open now. */
  open = 0;
  /** Requests whose head was complete and well-formed. */
  requests = 0;
  /** Requests being answered now. */
  active = 0;
  /** Requests refused because they broke a rule, by status. */
  readonly refused: Map<number, number> = new Map();
  /** Answers by the hundred of their status: index 2 counts 200 to 299. */
  readonly answers: Float64Array = new Float64Array(6);

  begin(): void {
    this.requests++;
    this.active++;
  }

  end(status: number): void {
    this.active--;
    const hundred = Math.floor(status / 100);
    this.answers[hundred] = (this.answers[hundred] ?? 0) + 1;
  }

  refuse(status: number): void {
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
  }
}
