/** What a program pays at its start. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "../..");

/** The files that are loaded when a program imports the SDK, without those of Pulumi. */
function loaded(): string[] {
  const script = `
    require("@pulumi/pulumi");
    const before = new Set(Object.keys(require.cache));
    require("./sdk/pulumi/index.ts");
    console.log(JSON.stringify(Object.keys(require.cache).filter((file) => !before.has(file))));`;
  const printed = execFileSync(process.execPath, ["--import", "tsx", "-e", script], { cwd: root, encoding: "utf8" });
  return (JSON.parse(printed.trim().split("\n").at(-1)!) as string[]).map((file) => file.slice(root.length + 1));
}

test("importing the SDK loads its own few files and the kubeconfig's, and no library", () => {
  const files = loaded();
  expect(files).toContain("sdk/pulumi/kubernetes-cluster.ts");
  expect(files.filter((file) => !file.startsWith("sdk/pulumi/"))).toEqual(["provider/kubernetes/kubeconfig.ts"]);
});
