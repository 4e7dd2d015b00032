/** Time and chance of the process, taken over: whoever asks Node for either while a world runs is told the world's. */
import { running } from "./power.ts";

const RealDate = Date;
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  now: performance.now.bind(performance),
  random: Math.random,
  timeout: AbortSignal.timeout.bind(AbortSignal),
};

/** For measuring the simulation itself. */
export const realNow = real.now;
/** For knowing when a turn of the event loop is over. */
export const realImmediate = real.setImmediate;

class Handle {
  readonly cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  refresh(): this {
    return this;
  }
}

class WorldDate extends RealDate {
  constructor(...given: [] | [number | string | Date]) {
    const [value] = given;
    super(value ?? WorldDate.now());
  }

  static override now(): number {
    return running()?.scheduler.wall ?? RealDate.now();
  }
}

export function takeOverGlobals(): void {
  Reflect.set(globalThis, "Date", WorldDate);
  Reflect.set(Math, "random", () => running()?.chance.next() ?? real.random());
  Reflect.set(performance, "now", () => running()?.scheduler.now ?? real.now());
  Reflect.set(globalThis, "setTimeout", (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
    const world = running();
    if (world === undefined) return real.setTimeout(run, ms, ...given);
    return new Handle(world.scheduler.at(ms, "timer", () => run(...given)));
  });
  Reflect.set(globalThis, "setInterval", (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
    const world = running();
    if (world === undefined) return real.setInterval(run, ms, ...given);
    let cancel = () => {};
    const again = () => {
      cancel = world.scheduler.at(ms, "interval", () => {
        again();
        run(...given);
      });
    };
    again();
    return new Handle(() => cancel());
  });
  Reflect.set(globalThis, "setImmediate", (run: (...given: unknown[]) => void, ...given: unknown[]) => {
    const world = running();
    if (world === undefined) return real.setImmediate(run, ...given);
    return new Handle(world.scheduler.immediately(() => run(...given)));
  });
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"] as const) {
    Reflect.set(globalThis, name, (handle: unknown) => {
      if (handle instanceof Handle) handle.cancel();
      else Reflect.apply(real[name], undefined, [handle]);
    });
  }
  Reflect.set(AbortSignal, "timeout", (ms: number) => {
    const world = running();
    if (world === undefined) return real.timeout(ms);
    const controller = new AbortController();
    world.scheduler.at(ms, "deadline", () => controller.abort(new DOMException("timed out", "TimeoutError")));
    return controller.signal;
  });
}
