/**
 * A folder that `terraform init` and `tofu init` install the provider from, as from a registry: zips by version and platform, with
 * their checksums. https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror
 *
 *     node .toolchain/terraform/mirror.mjs DIR [--executable]
 *
 * With --executable what is installed on this platform has Node.js in it (100 MB), and needs none on the machine: a single executable
 * application (https://nodejs.org/api/single-executable-applications.html) of the Node.js that runs this.
 *
 * Prints the folder with the provider as it is, which `dev_overrides` takes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { zip } from "./zip.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [given, ...flags] = process.argv.slice(2);
if (given === undefined || flags.some((flag) => flag !== "--executable")) {
  console.error("usage: node .toolchain/terraform/mirror.mjs DIR [--executable]");
  process.exit(2);
}
const mirror = resolve(given);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The provider needs Node.js and nothing else, so that it is the same everywhere; Windows starts no scripts. */
const platforms = ["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"];
/** Where configurations of either engine look for `ablestack/ablestack`. */
const hosts = ["registry.terraform.io", "registry.opentofu.org"];

const plain = join(mirror, "plain");
const program = `terraform-provider-ablestack_v${version}`;
mkdirSync(plain, { recursive: true });
execFileSync(process.execPath, [join(root, ".toolchain/terraform/bundle.mjs"), join(plain, "terraform-provider-ablestack")], { stdio: "inherit" });
const content = readFileSync(join(plain, "terraform-provider-ablestack"));

const here = `${process.platform}_${process.arch === "x64" ? "amd64" : process.arch}`;
const packed = (bytes) => zip({ [program]: { content: bytes, mode: 0o755 }, LICENSE: { content: readFileSync(join(root, "LICENSE")), mode: 0o644 } });
const script = packed(content);
const archives = Object.fromEntries(platforms.map((platform) => [platform, platform === here && flags.includes("--executable") ? packed(executable(content.toString())) : script]));
const checksum = (bytes) => createHash("sha256").update(bytes).digest("hex");
for (const host of hosts) {
  const folder = join(mirror, host, "ablestack/ablestack");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const named = Object.entries(archives).map(([platform, archive]) => [`terraform-provider-ablestack_${version}_${platform}.zip`, archive]);
  for (const [name, archive] of named) writeFileSync(join(folder, name), archive);
  writeFileSync(join(folder, `terraform-provider-ablestack_${version}_SHA256SUMS`), named.map(([name, archive]) => `${checksum(archive)}  ${name}\n`).join(""));
}
console.log(plain);

/** The script in a copy of this Node.js. */
function executable(text) {
  const folder = mkdtempSync(join(tmpdir(), "terraform-provider-"));
  try {
    const [main, output, program] = ["main.cjs", "main.blob", "program"].map((name) => join(folder, name));
    writeFileSync(main, text.replace(/^#!.*\n/, ""));
    writeFileSync(join(folder, "sea.json"), JSON.stringify({ main, output, disableExperimentalSEAWarning: true, useCodeCache: true }));
    execFileSync(process.execPath, ["--experimental-sea-config", join(folder, "sea.json")], { stdio: ["ignore", "ignore", "inherit"] });
    copyFileSync(process.execPath, program);
    chmodSync(program, 0o755);
    const options = ["--sentinel-fuse", "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2", ...(process.platform === "darwin" ? ["--macho-segment-name", "NODE_SEA"] : [])];
    execFileSync(join(root, "node_modules/.bin/postject"), [program, "NODE_SEA_BLOB", output, ...options], { stdio: "ignore" });
    return readFileSync(program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
