/**
 * Which block is solidified, and on whose word. Owns the dispute and what every node said.
 *
 * Q1. Nothing is solidified before `required` nodes named the same id at the same height. The id stands for every block
 *     and every transaction below it (block-integrity.ts), so absence is proved with it too. Nodes are counted by their
 *     voices: two addresses of one provider are one (votes.ts).
 * Q2. A node that names another block at a height that it, or `required` nodes, named before is in quarantine.
 * Q3. Nodes that disagree prove nothing: neither word is used, nothing new is signed, and it ends when they agree.
 * Q4. Only `required` nodes together can say that the chain left what they called solidified (`forked`).
 */
import type { BlockHeader } from "../domain/chain-facts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/telemetry.ts";
import { firstAnswers } from "./answers.ts";
import { indexOf, type ConfirmsBody, type SettleReceipts } from "./block-reader.ts";
import type { BlockSource } from "./block-source.ts";
import { faultOf } from "./node-failure.ts";
import { countVoices, keyOf, Votes } from "./votes.ts";
import { Witness, type WitnessState } from "./witness.ts";

export type FinalityOptions = {
  /** Voices that have to agree. */
  readonly required: number;
  /** How long a node stays in quarantine before it is asked whether it is on our chain again. */
  readonly quarantineMs?: number;
  /** How long the slower nodes are waited for once enough have answered. */
  readonly patienceMs?: number;
};

export type FinalityEvent = "disputed" | "agreed" | "quarantined" | "released";

export type FinalityPorts = {
  readonly sources: readonly BlockSource[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** For metrics. */
  readonly onEvent?: (event: FinalityEvent) => void;
};

/** The chain that was solidified so far. */
export type KnownChain = {
  readonly solidNumber: number;
  /** The id at a height up to `solidNumber` that is still in memory. */
  readonly idAt: (number: number) => string | undefined;
};

export type Agreed = { readonly kind: "agreed"; readonly header: BlockHeader; readonly nodes: readonly string[] };
/**
 * - agreed: `nodes` all named this block at this height
 * - unagreed: too few answered, or they disagree; ask again later
 * - forked: the nodes agree about another chain than the one that was solidified
 */
export type Agreement =
  | Agreed
  | { readonly kind: "unagreed"; readonly number: number; readonly disputed: boolean; readonly detail: string }
  | { readonly kind: "forked"; readonly detail: string };

export type FinalityStatus = {
  readonly required: number;
  readonly nodes: readonly {
    readonly name: string;
    readonly state: WitnessState;
    readonly solid: number;
    readonly detail: string | undefined;
  }[];
  /** What the nodes do not agree about. `since` is engine time, ms. */
  readonly dispute: { readonly number: number; readonly since: number; readonly detail: string } | undefined;
};

/** What a dispute is about: which block is solidified, or what is in one. */
type Topic = "block" | "content";
type Claim = { readonly witness: Witness; readonly header: BlockHeader };

const ASK_LAST_MS = 30_000;

export class Finality {
  readonly #options: Required<FinalityOptions>;
  readonly #ports: FinalityPorts;
  readonly #witnesses: readonly Witness[];
  readonly #disputes = new Map<Topic, NonNullable<FinalityStatus["dispute"]>>();

  constructor(options: FinalityOptions, ports: FinalityPorts) {
    this.#options = { quarantineMs: 3_600_000, patienceMs: 1_000, ...options };
    this.#ports = ports;
    this.#witnesses = ports.sources.map((source) => new Witness(source));
  }

  /** An operator asked: every node is believed to be honest again, and what they said is forgotten. */
  forgive(): void {
    for (const witness of this.#witnesses) {
      if (witness.quarantine !== undefined) {
        witness.source.admit();
        this.#ports.onEvent?.("released");
      }
      witness.release();
    }
    this.#disputes.clear();
  }

  status(): FinalityStatus {
    return {
      required: this.#options.required,
      nodes: this.#witnesses.map((witness) => ({
        name: witness.name,
        state: witness.state,
        solid: witness.newest,
        detail: witness.quarantine?.reason ?? witness.trouble?.reason,
      })),
      dispute: [...this.#disputes.values()].toSorted((a, b) => a.number - b.number)[0],
    };
  }

  /** One round of questions. Throws what a node threw when none answered at all. */
  async agree(known: KnownChain, signal: AbortSignal): Promise<Agreement> {
    await this.#parole(known, signal);
    const claims = await this.#claims(known, signal);
    const liars = claims.filter((claim) => contradicts(claim, known));
    const honest = claims.filter((claim) => !liars.includes(claim));
    if (liars.length > 0) {
      const forked = await this.#judge(liars, honest, { known, signal });
      if (forked !== undefined) return forked;
    }
    for (const { witness, header } of honest) witness.named(header);
    return this.#compare(honest, known, signal);
  }

  /** The block that `required` nodes hold for solidified at a height; `undefined` while too few of them name the same. */
  async agreedAt(number: number, signal: AbortSignal): Promise<Agreed | undefined> {
    const votes = await this.#poll(signal, (source) => source.solidHeader(number, signal));
    const carried = votes.carried(this.#options.required);
    return carried === undefined ? undefined : { kind: "agreed", header: carried.value, nodes: carried.nodes };
  }

  /**
   * What `required` nodes' receipts of a solidified block say. `undefined` while they do not agree: receipts are not part
   * of what the block's id stands for.
   */
  readonly settle: SettleReceipts = async (blockNumber, { known, read }, signal) => {
    if (this.#options.required === 1) return known;
    const votes = await this.#poll(signal, async (source) => read(indexOf(await source.receipts(blockNumber, signal))));
    return this.#carried(votes, { number: blockNumber, about: "the receipts of block" });
  };

  /** Whether `required` nodes hold another block for solidified at the height of this one (Q4). */
  async denies(point: { number: number; id: string }, signal: AbortSignal): Promise<boolean> {
    const votes = await this.#poll(signal, async (source) => {
      const header = await source.solidHeader(point.number, signal);
      return header?.id === point.id ? undefined : header?.id;
    });
    return votes.carried(this.#options.required) !== undefined;
  }

  /** Whether `required` nodes list the same transactions of a block that does not prove its list itself. */
  readonly confirmsBody: ConfirmsBody = async (block, signal) => {
    if (this.#options.required === 1) return true;
    const votes = await this.#poll(signal, async (source) => {
      const theirs = await source.block(block.number, signal);
      return theirs?.id === block.id ? theirs.transactions : undefined;
    });
    const list = this.#carried(votes, { number: block.number, about: "the transactions of block" });
    return list !== undefined && keyOf(list) === keyOf(block.transactions);
  };

  /** In the configured order, those that did not answer lately last. */
  get #usable(): Witness[] {
    const now = this.#ports.clock.now();
    const isSilent = ({ trouble }: Witness) => trouble !== undefined && now - trouble.at < ASK_LAST_MS;
    const usable = this.#witnesses.filter((witness) => witness.quarantine === undefined);
    return [...usable.filter((witness) => !isSilent(witness)), ...usable.filter(isSilent)];
  }

  async #claims(known: KnownChain, signal: AbortSignal): Promise<Claim[]> {
    const ask = async (witness: Witness): Promise<Claim> => {
      try {
        return { witness, header: await witness.source.solidBlock(signal) };
      } catch (error) {
        witness.trouble = { reason: textOf(error), at: this.#ports.clock.now() };
        throw error;
      }
    };
    if (this.#options.required === 1) return firstHonest(this.#usable, ask, known);
    const { answers, error } = await firstAnswers(this.#usable.map(ask), {
      enough: (claims) => countVoices(claims.map(({ witness }) => witness)) >= this.#options.required,
      patienceMs: this.#options.patienceMs,
      clock: this.#ports.clock,
    });
    if (answers.length === 0 && error !== undefined) throw faultOf(error);
    return answers;
  }

  /** Q2, Q4. Resolves with the fork when there is one. */
  async #judge(
    liars: readonly Claim[],
    honest: readonly Claim[],
    { known, signal }: { known: KnownChain; signal: AbortSignal },
  ): Promise<Agreement | undefined> {
    const offChain = liars.filter(({ header }) => leavesChain(header, known));
    const before = this.#witnesses.filter(({ quarantine }) => quarantine?.offChain === true);
    const against = countVoices([...before, ...offChain.map(({ witness }) => witness)]);
    if (honest.length === 0 && offChain.length > 0 && against >= this.#options.required) {
      const repeated = await Promise.all(offChain.map((claim) => repeats(claim, signal)));
      if (repeated.every(Boolean)) {
        const [{ header } = { header: undefined }] = offChain;
        return {
          kind: "forked",
          detail: `the nodes' solidified block ${header?.number ?? 0} differs from ours at the same height`,
        };
      }
      // A single node that takes its word back at once has nobody who could be asked instead.
      if (this.#witnesses.length === 1) {
        return this.#unagreed({
          number: known.solidNumber,
          disputed: true,
          detail: "the only node contradicts itself",
        });
      }
    }
    for (const claim of liars) this.#quarantine(claim, known);
    return undefined;
  }

  #quarantine({ witness, header }: Claim, known: KnownChain): void {
    const before = witness.said(header.number) ?? known.idAt(header.number) ?? "";
    const reason = `named ${header.id} as solidified block ${header.number}, after ${before}`;
    witness.quarantine = { since: this.#ports.clock.now(), reason, offChain: leavesChain(header, known) };
    witness.source.exclude(reason);
    this.#ports.logger.warn(
      { node: witness.name, reason },
      "a node contradicts what was solidified and is not asked any more",
    );
    this.#ports.onEvent?.("quarantined");
  }

  /** Time alone does not end a quarantine: the node has to be on our chain when it is over. */
  async #parole({ solidNumber, idAt }: KnownChain, signal: AbortSignal): Promise<void> {
    const now = this.#ports.clock.now();
    for (const witness of this.#witnesses) {
      const { quarantine } = witness;
      if (quarantine === undefined || now - quarantine.since < this.#options.quarantineMs) continue;
      witness.source.admit();
      const header = await witness.source.solidHeader(solidNumber, signal).catch(() => undefined);
      if (header === undefined || header.id !== idAt(solidNumber)) {
        witness.quarantine = { ...quarantine, since: now };
        witness.source.exclude(quarantine.reason);
        continue;
      }
      witness.release();
      this.#ports.logger.warn(
        { node: witness.name },
        "a node that contradicted itself is on our chain again and is asked again",
      );
      this.#ports.onEvent?.("released");
    }
  }

  /** The highest block that `required` nodes hold for solidified, if they mean the same one. */
  async #compare(claims: readonly Claim[], known: KnownChain, signal: AbortSignal): Promise<Agreement> {
    const { required } = this.#options;
    const heights = heightsOf(claims);
    const number = heights[required - 1];
    if (number === undefined) {
      const detail = `only ${heights.length} of the ${required} nodes that have to agree answered`;
      return this.#unagreed({ number: heights[0] ?? known.solidNumber + 1, disputed: false, detail });
    }
    const votes = new Votes<BlockHeader>();
    for (const claim of claims) {
      const header = await this.#headerAt(number, claim, signal);
      if (header !== undefined) votes.cast(claim.witness, header, header.id);
    }
    const agreed = votes.carried(required);
    if (agreed !== undefined) {
      this.#settle("block", number);
      return { kind: "agreed", header: agreed.value, nodes: agreed.nodes };
    }
    const sides = votes.sides().map(({ key, names }) => `${names} say ${key}`);
    return this.#unagreed({ number, disputed: votes.disputed, detail: sides.join("; ") });
  }

  async #headerAt(number: number, { witness, header }: Claim, signal: AbortSignal): Promise<BlockHeader | undefined> {
    if (header.number === number) return header;
    if (header.number < number) return undefined;
    try {
      const found = await witness.source.solidHeader(number, signal);
      if (found !== undefined) witness.remember(found);
      return found;
    } catch (error) {
      witness.trouble = { reason: textOf(error), at: this.#ports.clock.now() };
      return undefined;
    }
  }

  async #poll<T>(signal: AbortSignal, ask: (source: BlockSource) => Promise<T | undefined>): Promise<Votes<T>> {
    const votes = new Votes<T>();
    const { required, patienceMs } = this.#options;
    const { answers } = await firstAnswers(
      this.#usable.map(async ({ source }) => ({ source, value: await ask(source) })),
      {
        enough: (told) => countVoices(told.map(({ source }) => source)) >= required,
        patienceMs,
        clock: this.#ports.clock,
      },
    );
    signal.throwIfAborted();
    for (const { source, value } of answers) if (value !== undefined) votes.cast(source, value);
    return votes;
  }

  #carried<T>(votes: Votes<T>, { number, about }: { number: number; about: string }): T | undefined {
    const carried = votes.carried(this.#options.required);
    if (carried === undefined && votes.disputed) {
      const sides = votes.sides().map(({ names }) => names);
      this.#argue("content", number, `${about} ${number}: ${sides.join(" against ")}`);
    } else if (carried !== undefined) {
      this.#settle("content", number);
    }
    return carried?.value;
  }

  #unagreed(given: { number: number; disputed: boolean; detail: string }): Agreement {
    if (given.disputed) this.#argue("block", given.number, given.detail);
    return { kind: "unagreed", ...given };
  }

  /** Said once for as long as it lasts. */
  #argue(topic: Topic, number: number, detail: string): void {
    if (this.#disputes.has(topic)) return;
    this.#disputes.set(topic, { number, since: this.#ports.clock.now(), detail });
    this.#ports.logger.warn({ block: number, detail }, "nodes disagree; nothing is decided or signed until they agree");
    this.#ports.onEvent?.("disputed");
  }

  #settle(topic: Topic, number: number): void {
    const dispute = this.#disputes.get(topic);
    if (dispute === undefined || number < dispute.number) return;
    this.#disputes.delete(topic);
    this.#ports.logger.warn({ block: dispute.number }, "the nodes agree again");
    this.#ports.onEvent?.("agreed");
  }
}

/** Q2: its own word, or the chain that was agreed upon. */
function contradicts({ witness, header }: Claim, known: KnownChain): boolean {
  const said = witness.said(header.number);
  return (said !== undefined && said !== header.id) || leavesChain(header, known);
}

function leavesChain({ number, id }: BlockHeader, { solidNumber, idAt }: KnownChain): boolean {
  if (number > solidNumber) return false;
  const ours = idAt(number);
  return ours !== undefined && ours !== id;
}

async function repeats({ witness, header }: Claim, signal: AbortSignal): Promise<boolean> {
  const again = await witness.source.solidHeader(header.number, signal).catch(() => undefined);
  return again?.id === header.id;
}

/** One word is enough: nodes are asked in their order until one is on our chain. Those that are not are in the answer too. */
async function firstHonest(
  witnesses: readonly Witness[],
  ask: (witness: Witness) => Promise<Claim>,
  known: KnownChain,
): Promise<Claim[]> {
  const claims: Claim[] = [];
  let failure: unknown;
  for (const witness of witnesses) {
    try {
      const claim = await ask(witness);
      claims.push(claim);
      if (!contradicts(claim, known)) return claims;
    } catch (error) {
      failure = error;
    }
  }
  if (claims.length === 0 && failure !== undefined) throw faultOf(failure);
  return claims;
}

/** The highest that each voice named, the highest first. */
function heightsOf(claims: readonly Claim[]): number[] {
  const heights = new Map<string, number>();
  for (const { witness, header } of claims) {
    heights.set(witness.voice, Math.max(header.number, heights.get(witness.voice) ?? 0));
  }
  return [...heights.values()].toSorted((a, b) => b - a);
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
