/** What the compiler refuses: by the types that are published, those for cdktf and those for cdktn. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, root } from "../engine/world/paths";
import { engines, type Engine } from "./world/synthesized";

const head = (engine: Engine): string => `import { TerraformStack, TerraformVariable } from "${engine}";
import { AblestackProvider, DataAblestackEvents, HighlyAvailableCluster, KubernetesCluster, LoadBalancer, NetworkRule } from "ablestack-kubernetes/${engine}";
declare const stack: TerraformStack;
declare const variable: TerraformVariable;
declare const cluster: KubernetesCluster;
export const uses = [AblestackProvider, DataAblestackEvents, HighlyAvailableCluster, LoadBalancer, NetworkRule, variable, cluster];
export const base = { zone: "zone-1", version: "1.35", controlPlane: { offering: "small" }, workers: { count: 3, offering: "large" } };
`;

const right: Readonly<Record<string, string>> = {
  "a cluster of five lines": 'new HighlyAvailableCluster(stack, "ha", { ...base, template: "debian-13-containerd" });',
  "variables of Terraform": 'new KubernetesCluster(stack, "prod", { ...base, version: variable.stringValue, workers: { count: variable.numberValue, offering: "large" }, adopt: variable.booleanValue, powerState: variable.value });',
  "outputs as they are": "export const texts: string[] = [cluster.kubeconfig, cluster.endpoint, cluster.nodes.get(0).name];\nexport const size: number = cluster.size;",
  "rules of a cluster": 'new NetworkRule(stack, "ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 22, target: { node: "prod-control-1" } });',
  "what Terraform takes itself": 'new LoadBalancer(stack, "web", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" }, dependsOn: [cluster], lifecycle: { preventDestroy: true } });',
  "transforms, as in Pulumi": 'new HighlyAvailableCluster(stack, "ha", { ...base, transform: { ingressBalancer: (args, opts, name) => ({ args: { ...args, description: name }, opts }) } });',
};

/** Program, and what the compiler says of it. */
const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  "an argument that isn't there": ['new KubernetesCluster(stack, "prod", { ...base, workerz: {} });', /workerz.* does not exist|Did you mean .*workers/],
  "one that is missing": ['new KubernetesCluster(stack, "prod", { zone: "zone-1", version: "1.35", workers: { offering: "large" } });', /controlPlane/],
  "a text for a number": ['new KubernetesCluster(stack, "prod", { ...base, workers: { count: "3", offering: "large" } });', /'string' is not assignable to type 'number'/],
  "a value that isn't one of those there are": ['new NetworkRule(stack, "r", { cluster, kind: "firewal", protocol: "tcp" });', /"firewal"/],
  "one of them inside an object": ['new LoadBalancer(stack, "b", { cluster, publicPort: 80, privatePort: 80, members: { role: "master" } });', /"master"/],
  "another resource for a cluster": ['new NetworkRule(stack, "r", { cluster: new LoadBalancer(stack, "b", { publicPort: 1, privatePort: 1 }), kind: "acl", protocol: "all" });', /LoadBalancer.* is not assignable/],
  "Terraform's count on what is several resources": ['new KubernetesCluster(stack, "prod", { ...base, count: 2 });', /count.* does not exist/],
  "a way into machines for a connection": ['new KubernetesCluster(stack, "prod", { ...base, connection: { type: "ssh", host: "h" } });', /is not assignable to type 'string'/],
  "a key as an argument": ['new KubernetesCluster(stack, "prod", { ...base, secretKey: "hush" });', /secretKey.* does not exist/],
  "a hook that answers something else": ['new HighlyAvailableCluster(stack, "ha", { ...base, transform: { firewallRule: () => ({ args: { kind: 1 } }) } });', /not assignable/],
};

describe.each(engines)("a program for %s", (engine) => {
  let errors: Readonly<Record<string, string>>;
  const file = (title: string): string => `${title.replace(/\W+/g, "-")}.ts`;

  /** All in one go: what takes long is to read the engine's types. */
  beforeAll(() => {
    built();
    const cache = join(root, "node_modules/.cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "constructs-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(root, join(folder, "node_modules/ablestack-kubernetes"));
      for (const [title, text] of [...Object.entries(right), ...Object.entries(wrong).map(([title, [text]]) => [title, text] as const)]) writeFileSync(join(folder, file(title)), head(engine) + text);
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: join(root, "tsconfig.json"), compilerOptions: { types: ["node"], incremental: false, tsBuildInfoFile: null }, include: ["*.ts"], exclude: [] }));
      const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder, "--pretty", "false"], { cwd: folder, encoding: "utf8" });
      const found: Record<string, string> = {};
      let at = "";
      for (const line of stdout.split("\n")) {
        at = /([^\s/(]+)\(\d+,\d+\): error/.exec(line)?.[1] ?? at;
        found[at] = `${found[at] ?? ""}${line}\n`;
      }
      errors = found;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);

  test.each(Object.keys(right))("%s: compiles", (title) => {
    expect(errors[file(title)]).toBeUndefined();
  });

  test.each(Object.entries(wrong))("%s: does not", (title, [, message]) => {
    expect(errors[file(title)]).toMatch(message);
  });

  test("and nothing else is said", () => {
    expect(Object.keys(errors).filter((name) => name !== "" && !Object.keys(wrong).map(file).includes(name))).toEqual([]);
  });
});
