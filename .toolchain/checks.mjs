/**
 * `make test`: every check there is, one after the other, what they print shown as they go, and at the end how many passed: on a line
 * of its own, for a machine to read.
 *
 *     node .toolchain/checks.mjs [name…]     only those (see the table below)
 *
 * Exit code: 0 if all passed.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);
const reports = join(root, ".state/checks");
const workers = String(Math.max(1, availableParallelism()));
const jest = (name, ...more) => ({ name, jest: join(reports, `${name}.json`), command: [bin("jest"), "-c", ".config/jest.config.cjs", "--ci", "--maxWorkers", workers, ...more] });
const found = spawnSync("find", [".toolchain", "provider", "tests", "examples", "-name", "node_modules", "-prune", "-o", "-name", "*.sh", "-print"], { cwd: root, encoding: "utf8" });
const shell = [".ci/run", ...found.stdout.split("\n").filter(Boolean)];

const checks = [
  { name: "types", command: [bin("tsc"), "--noEmit"] },
  { name: "lint", command: [bin("eslint"), "-c", ".config/eslint.config.mjs", "."] },
  { name: "generated", command: ["make", "--no-print-directory", "-s", "stale"] },
  { name: "shellcheck", command: ["shellcheck", "-x", "-P", "SCRIPTDIR", ...shell], optional: true },
  // Those on real machines are `make test-real`.
  jest("unit", "--testPathIgnorePatterns", "/engine/", "/tests/real/"),
  // With the real engine: each file has a folder, a Mold, addresses and processes of its own, and looks at nothing else.
  // What needs OpenTofu is skipped there unless it is on PATH or was built: .toolchain/terraform/find-tofu.sh, which `make test OPENTOFU=1` calls.
  jest("engine", "--testPathPatterns", "/tests/(terraform/)?engine/"),
];

/** What jest says of itself; a file that didn't even load counts as one failure. */
function counted(report) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, "utf8"));
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, skipped: numPendingTests + numTodoTests };
}

function run({ name, command, jest: report, optional }) {
  console.error(`==> ${name}`);
  const begun = Date.now();
  const [program, ...options] = report ? [...command, "--json", "--outputFile", report] : command;
  // What tests, engines and CDKTF's own test app leave in the folder for temporary files goes with it.
  const scratch = mkdtempSync(join(tmpdir(), "checks-"));
  // jest's JSON goes to the file and its talk to stderr.
  const { status, error } = spawnSync(program, options, { cwd: root, env: { ...process.env, TMPDIR: scratch }, stdio: ["ignore", report ? "ignore" : "inherit", "inherit"] });
  rmSync(scratch, { recursive: true, force: true });
  const seconds = Math.round((Date.now() - begun) / 1000);
  if (optional && error?.code === "ENOENT") return { name, seconds, passed: 0, failed: 0, skipped: 1, note: `${program} is not installed` };
  if (error) return { name, seconds, passed: 0, failed: 1, skipped: 0, note: error.message };
  try {
    if (report) {
      const counts = counted(report);
      // It may fail without a failed test: a leak, a coverage bound, no test at all.
      return { name, seconds, ...counts, failed: status !== 0 && counts.failed === 0 ? 1 : counts.failed };
    }
  } catch (cause) {
    return { name, seconds, passed: 0, failed: 1, skipped: 0, note: `jest left no report: ${cause.message}` };
  }
  return { name, seconds, passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`there is no check ${unknown.join(", ")}; there are ${checks.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const results = checks.filter(({ name }) => asked.length === 0 || asked.includes(name)).map(run);
const sum = (what) => results.reduce((total, result) => total + result[what], 0);

console.error("");
for (const { name, seconds, passed, failed, skipped, note } of results) {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  console.error(`${failed > 0 ? "FAILED" : "ok    "}  ${name.padEnd(11)} ${String(seconds).padStart(4)} s   ${counts}${note ? `   (${note})` : ""}`);
}
console.error("");
console.log(`${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : ""}`);
process.exitCode = sum("failed") > 0 ? 1 : 0;
