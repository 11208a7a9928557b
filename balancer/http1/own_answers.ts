import { describeFailure, describeNoUpstream } from "../answer.ts";
import type { NoUpstream } from "../attempt.ts";
import type { AttemptFailure } from "../failure.ts";
import { AnswerWriter } from "./answer_writer.ts";
import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import { MessageError } from "./message_error.ts";
import { type OwnAnswer, problemOctets, responseOctets } from "./own_answer.ts";
import type { RequestIds } from "./request_id.ts";

/** What {@linkcode OwnAnswers} works with. */
export interface OwnAnswersOptions {
  readonly deadlines: Deadlines;
  /** Milliseconds that the client has to take a piece. */
  readonly idle: number;
  readonly ids: RequestIds;
}

/**
 * What a client is told by the listener itself, where no upstream's answer is passed on. Each method settles when that was
 * written, or cannot be.
 */
export class OwnAnswers {
  readonly #client: ClientSide;
  readonly #options: OwnAnswersOptions;

  constructor(client: ClientSide, options: OwnAnswersOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** No attempt could begin. */
  async none(none: NoUpstream): Promise<void> {
    const { crossing } = this.#client;
    if (crossing === undefined) await this.#problem(this.#describe(none));
    else await this.response(crossing.refuse(none));
  }

  /** The last attempt has failed. */
  async failure(failure: AttemptFailure): Promise<void> {
    const client = this.#client;
    const { cause, kind } = failure;
    const refused = client.answered ? undefined : client.crossing?.refuse(failure);
    if (refused !== undefined && client.wire.open) return await this.response(refused);
    if (client.answered || !client.wire.open) {
      // What the client has is incomplete, and only a connection that breaks off tells it so.
      if (!client.answered) client.status = describeFailure(kind).status;
      client.persistent = false;
      return client.wire.cut();
    }
    if (kind === "request_body" && cause instanceof MessageError) {
      await this.#problem({ status: cause.status, detail: cause.message });
    } else {
      await this.#problem(describeFailure(kind));
    }
  }

  /** An endpoint of the listener's own answers. */
  async endpoint(answer: Promise<Response>): Promise<void> {
    const client = this.#client;
    const { head, requestId, body } = client;
    if (!body.complete) client.persistent = false;
    const context = { requestId, close: !client.persistent, headOnly: head.method === "HEAD" };
    const response = await answer;
    client.status = response.status;
    client.answered = true;
    await this.#write(await responseOctets(response, context));
  }

  /** The request breaks the rules; its connection is to be closed. */
  async refusal({ status, message }: MessageError): Promise<void> {
    const context = { requestId: this.#options.ids.next(), close: true, headOnly: false };
    await this.#write(problemOctets({ status, detail: message }, context));
  }

  #describe({ reason }: NoUpstream): OwnAnswer {
    const expired = reason === "cancelled" && this.#client.wire.open;
    return expired ? describeFailure("total_timeout") : describeNoUpstream(reason);
  }

  async #problem(answer: OwnAnswer): Promise<void> {
    const client = this.#client;
    const { wire, head, body } = client;
    if (!body.complete || answer.status === 499) client.persistent = false;
    client.status = answer.status;
    client.answered = true;
    const context = {
      requestId: client.requestId,
      close: !client.persistent,
      headOnly: head.method === "HEAD",
    };
    if (answer.status !== 499 && wire.open) await this.#write(problemOctets(answer, context));
  }

  /** A response of the Fetch standard, such as a crossing gives when there is no answer to be had. */
  async response(response: Response): Promise<void> {
    const { deadlines, idle } = this.#options;
    const whole = await new AnswerWriter({ client: this.#client, deadlines, idle }).write(response);
    if (!whole) this.#client.persistent = false;
  }

  async #write(octets: Uint8Array): Promise<void> {
    const { deadlines, idle } = this.#options;
    const { wire } = this.#client;
    wire.deadline = deadlines.now + idle;
    await wire.write(octets);
    wire.deadline = Infinity;
  }
}
