/** What a process holds in memory, from Linux itself. */
import { readFile } from "node:fs/promises";

/** Resident megabytes, `undefined` when the process is gone. */
export async function residentMb(pid: number | undefined): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kb === undefined ? undefined : Number(kb) / 1_024;
}

export type Sample = { readonly seconds: number; readonly mb: number };

/** Least squares: the straight line nearest to the samples. */
export function trend(samples: readonly Sample[]): { slopeMbPerHour: number; mean: number } {
  const n = Math.max(1, samples.length);
  const meanX = samples.reduce((sum, { seconds }) => sum + seconds, 0) / n;
  const mean = samples.reduce((sum, { mb }) => sum + mb, 0) / n;
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - meanX) ** 2, 0);
  const rise = samples.reduce((sum, { seconds, mb }) => sum + (seconds - meanX) * (mb - mean), 0);
  return { slopeMbPerHour: spread === 0 ? 0 : (rise / spread) * 3_600, mean };
}
