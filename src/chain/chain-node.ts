/**
 * One configured node as the rest of `chain` asks it. Owns what is known about this node.
 *
 * A1. Nothing is asked of a node before it named the expected genesis block, once that block is known; one that names
 *     another, or was excluded, is never asked again.
 */
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import type { Api, Asker, AskTerms, NodeRole, Question } from "./asking.ts";
import type { HttpNode } from "./http-node.ts";
import { NodeFailure } from "./node-failure.ts";
import { askGenesisId } from "./questions.ts";

export type ChainNodeParts = { readonly http: HttpNode; readonly role: NodeRole };
export type ChainNodePorts = { readonly clock: Clock; readonly logger: Logger };

export class ChainNode {
  /** Host and port: safe to log. */
  readonly name: string;
  readonly role: NodeRole;
  readonly #http: HttpNode;
  readonly #ports: ChainNodePorts;
  #genesisId: string | undefined;
  #identity: "unknown" | "right" | "wrong" = "unknown";
  #excluded: string | undefined;

  constructor({ http, role }: ChainNodeParts, ports: ChainNodePorts) {
    this.name = http.name;
    this.role = role;
    this.#http = http;
    this.#ports = ports;
  }

  /** On these terms; any number of questions. */
  on(terms: AskTerms): Asker {
    return {
      name: this.name,
      ask: async (question, read) => {
        await this.#ready(terms);
        return this.#ask(question, terms, read);
      },
      saw: () => {},
    };
  }

  serves(api: Api): boolean {
    return this.role === "both" || this.role === api;
  }

  /** Never asked again, by anybody, until the process ends. */
  exclude(reason: string): void {
    this.#excluded = reason;
    this.#ports.logger.warn({ node: this.name, reason }, "a node is not used any more");
  }

  /** Why it is not used, or `undefined`. */
  excluded(): string | undefined {
    return this.#excluded ?? (this.#identity === "wrong" ? "a node of another network" : undefined);
  }

  /** Forgets who the node said it is: it is asked again before its next use. */
  expectGenesis(genesisId: string): void {
    this.#genesisId = genesisId;
    this.#identity = "unknown";
  }

  /** Throws `NodeFailure` when the node cannot be used or cannot say who it is. */
  async identify(terms: AskTerms): Promise<void> {
    if (this.#excluded === undefined && this.#genesisId !== undefined && this.#identity === "unknown") {
      const prefix = this.role === "solidity" ? "walletsolidity" : "wallet";
      const genesisId = await askGenesisId(this.#unidentified(terms), prefix);
      this.#identity = genesisId === this.#genesisId ? "right" : "wrong";
      if (this.#identity === "wrong") {
        this.#ports.logger.warn({ node: this.name }, "a node of another network is not used");
      }
    }
    const reason = this.excluded();
    if (reason !== undefined) throw new NodeFailure({ kind: "excluded", node: this.name, message: reason });
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #ready(terms: AskTerms): Promise<void> {
    try {
      await this.identify(terms);
    } catch (error) {
      if (!(error instanceof NodeFailure)) throw error;
      throw error.unsent();
    }
  }

  #unidentified(terms: AskTerms): Asker {
    return { name: this.name, ask: (question, read) => this.#ask(question, terms, read), saw: () => {} };
  }

  #ask<T>(question: Question, terms: AskTerms, read: (answer: unknown) => T): Promise<T> {
    const { signal, until } = terms;
    const timeoutMs = until === undefined ? undefined : Math.max(0, until - this.#ports.clock.now());
    return this.#http.post({ ...question, signal, timeoutMs }, read);
  }
}
