/** Figures of the Terraform provider: how fast it starts, and a plan with nothing to do, against the same in Pulumi. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ephemeralCertificate } from "../../provider/adapters/terraform/certificate";
import { pulumiFolders } from "../engine/world/paths";
import { TestStack } from "../engine/world/stack";
import { cluster, identity } from "../terraform/world/declarations";
import { openTofu, terraform, TerraformEngine } from "../terraform/world/engine";
import { figure, median, type Figure } from "./figures";

const clusters = ["one", "two", "three"];
/** So many of each cluster's address. */
const rulesEach = [67, 67, 66];
const firstPort = 10_000;
const rounds = 5;
/** Machines are rows here: none is asked for much. */
const emulator = { speed: 200 };

const rule = (name: string, port: number): string =>
  `resource "ablestack_network_rule" "${name}-${port}" {\n  name = "p${port}"\n  cluster = ablestack_kubernetes_cluster.${name}.uid\n  kind = "firewall"\n  protocol = "tcp"\n  start_port = ${port}\n}\n`;

const program = `import { KubernetesCluster, NetworkRule } from "ablestack-kubernetes";
const machines = { count: 1, offering: "k8s-2c-4g" };
${JSON.stringify(clusters)}.forEach((name, at) => {
  const cluster = new KubernetesCluster(name, { zone: "zone-1", version: "1.35", template: "debian-13-containerd", controlPlane: machines, workers: machines });
  for (let port = ${firstPort}; port < ${firstPort} + ${JSON.stringify(rulesEach)}[at]!; port++) new NetworkRule(\`\${name}-\${port}\`, { cluster, kind: "firewall", protocol: "tcp", startPort: port });
});
`;

export async function terraformFigures(): Promise<Figure[]> {
  if (terraform === undefined) {
    console.error("neither Terraform nor OpenTofu is on PATH: its figures are left out");
    return [];
  }
  const engine = await TerraformEngine.create({ range: 63, emulator });
  const stack = pulumiIsThere() ? await TestStack.create({ range: 64, emulator }) : undefined;
  try {
    const starts = await startMs(join(engine.folder, "mirror/plain/terraform-provider-ablestack"));
    engine.declare(...clusters.flatMap((name, at) => [identity(name), cluster({}, name), ...Array.from({ length: rulesEach[at]! }, (_, rank) => rule(name, firstPort + rank))]));
    await engine.init();
    await engine.apply("-parallelism=30");
    stack?.write("index.ts", program);
    await stack?.up();
    const [ours, theirs]: [number[], number[]] = [[], []];
    // In turns, so that whatever else the machine does meets both alike; the first round fills caches.
    for (let round = 0; round <= rounds; round++) {
      const times = [await taken(async () => refuseWork((await engine.plan()).isEmpty)), stack ? await taken(() => stack.succeed(["preview", "--expect-no-changes"])) : NaN] as const;
      if (round === 0) continue;
      ours.push(times[0]);
      theirs.push(times[1]);
    }
    const calls = await engine.callsOf(() => engine.plan());
    const ofTofu = openTofu === undefined || openTofu === terraform ? undefined : await planMs(engine, openTofu);
    const seconds = (times: readonly number[]): number => median(times) / 1000;
    return [
      figure("terraform: start of the provider's process", median(starts), "ms", undefined, `median of ${starts.length}, mutual TLS`),
      figure("terraform: plan of 3 clusters and 200 rules, nothing to do", seconds(ours), "s", undefined, `median of ${rounds}`),
      figure("terraform: plan of 3 clusters and 200 rules: Mold calls", calls.length, "calls", { atMost: 60 }),
      figure("terraform: plan of 3 clusters and 200 rules: changing calls", calls.filter(({ changing }) => changing).length, "calls", { atMost: 0 }),
      ...(ofTofu === undefined ? [] : [figure("terraform: the same plan by OpenTofu", seconds(ofTofu), "s", undefined, `median of ${rounds}`)]),
      ...(stack ? [figure("terraform: the same in Pulumi, a preview", seconds(theirs), "s", undefined, `median of ${rounds}`)] : []),
      ...(stack ? [figure("terraform plan / pulumi preview of the same", seconds(ours) / seconds(theirs), "ratio", { atMost: 1 })] : []),
    ];
  } finally {
    await engine.close();
    await stack?.close();
  }
}

/** The same state in the hands of another engine. */
async function planMs(engine: TerraformEngine, binary: string): Promise<number[]> {
  engine.use(binary);
  await engine.init();
  const times: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const ms = await taken(async () => refuseWork((await engine.plan()).isEmpty));
    if (round > 0) times.push(ms);
  }
  return times;
}

function pulumiIsThere(): boolean {
  try {
    return pulumiFolders() !== "";
  } catch {
    return false;
  }
}

function refuseWork(isEmpty: boolean): void {
  if (!isEmpty) throw new Error("a plan that should have had nothing to do has something");
}

async function taken(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** From its start to the line that says where it listens. */
async function startMs(program: string): Promise<number[]> {
  const { certificate } = await ephemeralCertificate(Date.now());
  const environment = { ...process.env, TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", PLUGIN_PROTOCOL_VERSIONS: "6", PLUGIN_CLIENT_CERT: certificate };
  const times: number[] = [];
  for (let round = 0; round <= 7; round++) {
    const ms = await taken(async () => {
      const child = spawn(program, [], { env: environment, stdio: ["ignore", "pipe", "ignore"] });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill("SIGKILL");
    });
    if (round > 0) times.push(ms);
  }
  return times;
}
