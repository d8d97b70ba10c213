/**
 * What Pulumi keeps in the state with every dynamic resource and runs to check, make and delete it: a few lines that hand each call to
 * whatever release of this package is installed. It is a text, not a closure for Pulumi to serialise, so that it is the same byte for
 * byte whatever the program, its compiler and the release of Pulumi, and costs no program the second that serialising takes. It must
 * stay as it is from release to release: states carry it for years.
 */
export type Kind = "ClusterIdentity" | "ClusterEndpoint" | "Cluster" | "ClusterAccess" | "NetworkRule" | "LoadBalancer";

/**
 * The package is looked for from the program's folder, where the provider's process runs; then through what the program depends on,
 * nearest first: a wrapper package may be the only one that can see it (nested node_modules, pnpm's links).
 */
export const providerText = (kind: Kind): string => `// ablestack-kubernetes: ${kind}
const fs = require("fs"), path = require("path"), { createRequire } = require("module");
const wanted = "ablestack-kubernetes/dynamic";
const up = (folder) => (path.dirname(folder) === folder ? [folder] : [folder, ...up(path.dirname(folder))]);
const within = (folder, name) => up(folder).map((each) => path.join(each, name)).find((each) => fs.existsSync(each));
function load() {
  let level = [within(process.cwd(), "package.json") || path.join(process.cwd(), "package.json")];
  const seen = new Set(level);
  for (let depth = 0; depth < 5; depth++) {
    const next = [];
    for (const file of level) {
      let found;
      try { found = createRequire(file).resolve(wanted); } catch {}
      if (found) return require(found);
      let about = {};
      try { about = JSON.parse(fs.readFileSync(file, "utf8")); } catch {}
      for (const name of Object.keys({ ...about.dependencies, ...about.devDependencies, ...about.optionalDependencies })) {
        const folder = within(path.dirname(file), path.join("node_modules", name));
        const inside = folder && path.join(fs.realpathSync(folder), "package.json");
        if (inside && !seen.has(inside)) next.push(inside), seen.add(inside);
      }
    }
    level = next;
  }
  throw new Error("ablestack-kubernetes is not installed for " + process.cwd() + ". Install what the program depends on (npm install), then run again.");
}
const method = (name) => async (...args) => load().handle(${JSON.stringify(kind)}, name, ...args);
const methods = ["configure", "check", "diff", "create", "read", "update", "delete"];
exports.handler = () => Object.fromEntries(methods.map((name) => [name, method(name)]));
`;
