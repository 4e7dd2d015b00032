import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const strict = { branches: 100, functions: 100, lines: 100, statements: 100 };

/** Rooms whose tests leave nothing behind in their process: loading the code for each file anew was a fifth of a run. */
const SHARED = [
  "actors",
  "chain",
  "devnet",
  "domain",
  "http",
  "machines",
  "operations",
  "supervisor",
  "threats",
  "tron",
  "upgrade",
];
const shared = SHARED.map((room) => `test/${room}/**/*.test.ts`);

/** What mostly waits for other processes, longest first: started last, it would keep one core idle at the end. */
const FIRST = ["test/crash/process-kill.test.ts", "test/e2e/", "test/cli/"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const place = FIRST.findIndex((part) => moduleId.includes(part));
      return place === -1 ? FIRST.length : place;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    projects: [
      // Worker threads and LevelDB handles are native: a process per file keeps one file's crash out of the others.
      {
        extends: true,
        test: {
          name: "alone",
          include: ["test/**/*.test.ts"],
          exclude: shared,
          globalSetup: "test/support/packed-program.ts",
        },
      },
      { extends: true, test: { name: "shared", include: shared, isolate: false } },
    ],
    pool: "forks",
    sequence: { sequencer: LongestFirst },
    // The longest file mostly waits for other processes; leaving a core to the machine would leave it idle.
    maxWorkers: 2,
    // Against tests that hang, not against slow machines.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // A flaky test is a defect, not something to run again.
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      // These run in processes and threads of their own, where the collector does not see them; tests start them as a user does.
      exclude: ["src/main.ts", "src/devnet/main.ts", "src/cli/**", "src/security/signer-worker.ts"],
      reporter: ["text-summary", "json-summary"],
      reportsDirectory: "coverage",
      thresholds: {
        "src/machines/**/*.ts": strict,
        "src/actors/**/*.ts": strict,
        "src/**/*.ts": { branches: 90, functions: 90, lines: 90, statements: 90 },
      },
    },
  },
});
