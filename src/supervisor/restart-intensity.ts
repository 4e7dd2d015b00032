/**
 * How often one actor may fail before it is taken out of service. Pure.
 * At most `restartsMax` failures in `windowMs`; each restart waits twice as long as the one before.
 */
export type IntensityOptions = {
  readonly restartsMax: number;
  readonly windowMs: number;
  readonly firstDelayMs: number;
  readonly delayMaxMs: number;
};
export type Failures = readonly number[];
export type Decision =
  | { readonly decision: "restart"; readonly delayMs: number; readonly failures: Failures }
  | { readonly decision: "quarantine"; readonly failures: Failures };

export const DEFAULT_INTENSITY: IntensityOptions = {
  restartsMax: 3,
  windowMs: 600_000,
  firstDelayMs: 250,
  delayMaxMs: 30_000,
};

export function onFailure(options: IntensityOptions, earlier: Failures, now: number): Decision {
  const failures = [...earlier.filter((at) => at > now - options.windowMs), now];
  if (failures.length > options.restartsMax) return { decision: "quarantine", failures };
  const delayMs = Math.min(options.delayMaxMs, options.firstDelayMs * 2 ** (failures.length - 1));
  return { decision: "restart", delayMs, failures };
}
