/**
 * Prints "N passed, N failed" from a report of vitest and from the counts of other runs, such as the campaign's. Exits 1
 * when something failed, and when nothing ran at all.
 */
import { existsSync, readFileSync } from "node:fs";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Report = Type.Object({
  numPassedTests: Type.Integer(),
  numFailedTests: Type.Integer(),
  testResults: Type.Array(Type.Object({ status: Type.String(), assertionResults: Type.Array(Type.Unknown()) })),
});

const Counts = Type.Object({ passed: Type.Integer(), failed: Type.Integer() });

const [, , tests = "", ...others] = process.argv;
const all = [countTests(tests), ...others.map(countOther)];
const passed = all.reduce((sum, counts) => sum + counts.passed, 0);
const failed = all.reduce((sum, counts) => sum + counts.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function readReport(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

function countOther(file: string): { passed: number; failed: number } {
  const report = readReport(file);
  return Value.Check(Counts, report) ? report : { passed: 0, failed: 1 };
}

function countTests(file: string): { passed: number; failed: number } {
  const report = readReport(file);
  // A run that ended without a report is one failure: its tests did not pass.
  if (!Value.Check(Report, report)) return { passed: 0, failed: 1 };
  // A file that could not even be loaded has no tests to count, and must not look like success.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}
