import { defineConfig } from "vitest/config";

const strict = { branches: 100, functions: 100, lines: 100, statements: 100 };

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Worker threads and LevelDB handles are native: a process per file keeps one file's crash out of the others.
    pool: "forks",
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
