/**
 * For test-real.sh: `tsx write-report.ts begin` notes where and with what is run, `tsx write-report.ts again <file>…` which files are run once more, and
 * `tsx write-report.ts <jest's report>` writes tests/real/RESULTS.md of all that was noted since it began.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname, join, relative } from "node:path";
import { root } from "../../engine/world/paths";
import { report, type About, type ResultLine, type TestOutcome } from "./report";
import { resultsFile } from "./results";

const said = (command: string, ...args: string[]): string => {
  try {
    return execFileSync(command, args, { encoding: "utf8", cwd: root, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "not known";
  }
};

function about(): About {
  const { ABLESTACK_MACHINES_ISOS: isos, ABLESTACK_MACHINES_ROOTFS: rootfs } = process.env;
  const versions = isos === undefined ? [] : readdirSync(isos).sort();
  const etcd = versions.map((version) => /etcd[^\d]*(\d+\.\d+\.\d+)/.exec(readdirSync(join(isos!, version, "docker")).join(" "))?.[1] ?? "not known");
  const debian = rootfs === undefined ? "not known" : readFileSync(join(rootfs, "etc/debian_version"), "utf8").trim();
  const changed = said("git", "status", "--porcelain", "--untracked-files=no") === "" ? "" : ", with changes that are not committed";
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " ") + " UTC",
    commit: said("git", "rev-parse", "HEAD") + changed,
    machine: { CPU: cpus()[0]?.model.trim() ?? "not known", cores: String(cpus().length), memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`, kernel: release(), "host's Debian": said("cat", "/etc/debian_version"), "nodes' Debian": debian },
    versions: {
      Kubernetes: versions.join(", "),
      etcd: etcd.join(", "),
      containerd: rootfs === undefined ? "not known" : (/ v(\S+)/.exec(said(join(rootfs, "usr/local/bin/containerd"), "--version"))?.[1] ?? "not known"),
      Pulumi: said("pulumi", "version"),
      Node: process.version,
    },
  };
}

interface JestReport {
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly message: string; readonly assertionResults: readonly { readonly fullName: string; readonly status: string; readonly failureMessages: readonly string[] }[] }[];
}

/** The first line says what; the rest, where. */
const firstLine = (text: string | undefined): string | undefined => text?.split("\n").find((line) => line.trim() !== "")?.trim();

function outcomes({ testResults }: JestReport): TestOutcome[] {
  return testResults.flatMap(({ name, status, message, assertionResults }): TestOutcome[] => {
    const file = relative(root, name);
    if (assertionResults.length === 0 && status === "failed") return [{ test: file, file, outcome: "failed", why: firstLine(message) }];
    return assertionResults.map(({ fullName, status: ended, failureMessages }) =>
      ended === "failed" ? { test: fullName, file, outcome: "failed", why: firstLine(failureMessages[0]) } : { test: fullName, file, outcome: ended === "passed" ? "passed" : "skipped" },
    );
  });
}

const note = (line: ResultLine): void => appendFileSync(resultsFile, `${JSON.stringify(line)}\n`);

function main(word: string, files: readonly string[]): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  if (word === "begin") return writeFileSync(resultsFile, `${JSON.stringify({ about: about() })}\n`);
  if (word === "again") {
    const { date, commit } = about();
    return note({ again: { date, commit, files } });
  }
  // Else jest came to no end.
  const ended = existsSync(word) ? readFileSync(word, "utf8") : "";
  for (const outcome of ended === "" ? [] : outcomes(JSON.parse(ended) as JestReport)) note(outcome);
  const lines = readFileSync(resultsFile, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as ResultLine);
  writeFileSync(join(root, "tests/real/RESULTS.md"), report(lines));
}

if (require.main === module) main(process.argv[2] ?? "begin", process.argv.slice(3));
