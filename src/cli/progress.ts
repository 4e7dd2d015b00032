/** Shows how far the payouts are: one line that changes on a terminal, plain lines otherwise. Owns the last line shown. */

export type Stage = {
  readonly total: number;
  readonly sent: number;
  readonly confirmed: number;
  readonly otherwise: number;
  readonly chain: Heads | undefined;
};
/** Numbers of the newest block and of the newest solidified one. */
export type Heads = { readonly head: number; readonly solid: number };
export type Screen = { readonly isTerminal: boolean; readonly columns: number; write(text: string): void };

const PLAIN_EVERY_MS = 5_000;

export class Progress {
  readonly #screen: Screen;
  #shown = "";
  #plainAt = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(stage: Stage): void {
    const text = this.#screen.isTerminal ? bar(stage, this.#screen.columns) : words(stage);
    if (text === this.#shown) return;
    if (this.#screen.isTerminal) this.#screen.write(`\r${text}\u001b[K`);
    else if (!this.#isTime(stage)) return;
    else this.#screen.write(`${text}\n`);
    this.#shown = text;
  }

  /** A line of its own; on a terminal the bar comes back below it. */
  say(text: string): void {
    const bar = this.#screen.isTerminal ? this.#shown : "";
    this.#screen.write(bar === "" ? `${text}\n` : `\r\u001b[K${text}\n${bar}`);
  }

  end(): void {
    if (this.#screen.isTerminal && this.#shown !== "") this.#screen.write("\n");
    this.#shown = "";
  }

  #isTime({ total, confirmed, otherwise }: Stage): boolean {
    const now = Date.now();
    if (now - this.#plainAt < PLAIN_EVERY_MS && confirmed + otherwise < total) return false;
    this.#plainAt = now;
    return true;
  }
}

function words({ total, sent, confirmed, otherwise }: Stage): string {
  const ended = otherwise === 0 ? "" : `, ${otherwise} ended otherwise`;
  return `  ${confirmed} of ${total} confirmed, ${sent} sent and waiting for a solidified block${ended}`;
}

/** "#": in a solidified block. "-": sent. "!": ended without being paid. */
function bar(stage: Stage, columns: number): string {
  const { total, sent, confirmed, otherwise, chain } = stage;
  const caption = ` ${confirmed}/${total} confirmed, ${sent} sent${otherwise === 0 ? "" : `, ${otherwise} ended otherwise`}${chain === undefined ? "" : `, block ${chain.head}, solid ${chain.solid}`}`;
  const width = Math.max(10, Math.min(60, columns - caption.length - 5));
  const cells = (count: number): number => Math.floor((count / total) * width);
  const filled = "#".repeat(cells(confirmed)) + "!".repeat(cells(otherwise));
  const drawn = filled + "-".repeat(Math.max(0, cells(confirmed + otherwise + sent) - filled.length));
  return `  [${drawn.padEnd(width, ".")}]${caption}`;
}
