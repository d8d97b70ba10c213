/** What a program pays at its start, and the process that serves its resources, which the engine starts twice for one `up`. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The files that are loaded with one, without those of Pulumi. */
function loadedWith(entry: string): string[] {
  const script = `
    require("@pulumi/pulumi");
    const before = new Set(Object.keys(require.cache));
    require("${entry}");
    console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !before.has(file))));`;
  const printed = execFileSync(process.execPath, ["--import", "tsx", "-e", script], { cwd: root, encoding: "utf8" });
  return (JSON.parse(printed.trim().split("\n").at(-1)!) as string[]).map((file) => (file.startsWith(root) ? file.slice(root.length + 1) : file));
}

test("importing the SDK loads its own few files and the kubeconfig's, and no library", () => {
  const files = loadedWith("./sdk/pulumi/index.ts");
  expect(files).toContain("sdk/pulumi/kubernetes-cluster.ts");
  expect(files.filter((file) => !file.startsWith("sdk/pulumi/") && !file.startsWith("sdk/topology/"))).toEqual(["provider/kubernetes/kubeconfig.ts"]);
});

test("the provider's process loads all six handlers, and no library that only some of the work needs", () => {
  const files = loadedWith("./provider/adapters/pulumi-dynamic/entry.ts");
  expect(files.filter((file) => file.startsWith("provider/handlers/"))).toEqual(expect.arrayContaining(["cluster", "cluster-access", "cluster-endpoint", "cluster-identity", "load-balancer", "network-rule"].map((name) => `provider/handlers/${name}.ts`)));
  const libraries = files.flatMap((file) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  // Axios (60 ms) comes with the first call of Mold, and what makes certificates (a quarter of a second) with a cluster's first `up`.
  expect([...new Set(libraries)].sort()).toEqual(["ipaddr.js", "p-limit", "yocto-queue"]);
});
