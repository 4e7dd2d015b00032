/** A reason to end that is no bug: its message is for people. */
export class Stop extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "Stop";
    this.exitCode = exitCode;
  }
}
