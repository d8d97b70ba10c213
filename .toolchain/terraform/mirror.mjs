/**
 * A folder that `terraform init` and `tofu init` install the provider from, as from a registry: zips by version and platform, with
 * their checksums. https://developer.hashicorp.com/terraform/cli/config/config-file#filesystem_mirror
 *
 *     node .toolchain/terraform/mirror.mjs DIR
 *
 * Prints the folder with the provider as it is, which `dev_overrides` takes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { zip } from "./zip.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error("usage: node .toolchain/terraform/mirror.mjs DIR");
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

const archive = zip({ [program]: { content, mode: 0o755 }, "LICENSE": { content: readFileSync(join(root, "LICENSE")), mode: 0o644 } });
const checksum = createHash("sha256").update(archive).digest("hex");
for (const host of hosts) {
  const folder = join(mirror, host, "ablestack/ablestack");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const names = platforms.map((platform) => `terraform-provider-ablestack_${version}_${platform}.zip`);
  for (const name of names) writeFileSync(join(folder, name), archive);
  writeFileSync(join(folder, `terraform-provider-ablestack_${version}_SHA256SUMS`), names.map((name) => `${checksum}  ${name}\n`).join(""));
}
console.log(plain);
