/** A stack of the real engine on machines that boot: examples/lifecycle, kubectl, what runs in a machine, and what is left on the host. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isoFolders, missing, nspawnHypervisor, thisHost } from "../../../provider/emulator/nspawn";
import type { EmulatorOptions } from "../../../provider/emulator";
import { signed, type Params } from "../../emulator/test-client";
import { lifecycle, root } from "../../engine/world/paths";
import type { Running } from "../../engine/world/running";
import { TestStack } from "../../engine/world/stack";
import { entering, initOf, runInside, runScript } from "./inside";
import { leavings } from "./leavings";
import type { LoadReport, LoadTargets } from "./load";

const { ABLESTACK_MACHINES_ROOTFS: rootfs, ABLESTACK_MACHINES_ISOS: isos, ABLESTACK_MACHINES_IMAGES: images } = process.env;

/** Why clusters of real machines can't be had here; empty: they can. */
const lackingForClusters: readonly string[] = [
  ...missing(thisHost, rootfs),
  ...(isos === undefined ? ["no Kubernetes ISOs: make test-real builds them (ABLESTACK_MACHINES_ISOS)"] : []),
  ...(images === undefined ? ["no images for pods: make test-real builds them (ABLESTACK_MACHINES_IMAGES)"] : []),
  ...(spawnSync("kubectl", ["version", "--client"]).error === undefined ? [] : ["no kubectl"]),
];

if (lackingForClusters.length > 0) console.warn(`clusters of real machines are skipped: ${lackingForClusters.join("; ")}`);

/** As `describe`, where clusters of real machines can be had; elsewhere what it describes is skipped. */
export const describeOnRealNodes: typeof describe | typeof describe.skip = lackingForClusters.length > 0 ? describe.skip : describe;

/** A Mold of real machines. @param part its public addresses, one for each test file: 198.51.100.0/24 and 203.0.113.0/24 (TEST-NET-2 and 3, RFC 5737) in parts of 32 */
export function realMachines(part: number): { readonly machines: string; readonly emulator: EmulatorOptions } {
  const machines = mkdtempSync(join(tmpdir(), "real-machines-"));
  const isoFolder = isoFolders(isos);
  return {
    machines,
    emulator: {
      hypervisor: nspawnHypervisor({ dir: machines, rootfs: rootfs!, isoFolder }),
      offersKubernetes: (version) => isoFolder(version) !== undefined,
      publicRange: `${part < 8 ? "198.51.100" : "203.0.113"}.${(part % 8) * 32}/27`,
      expungeDelay: 0,
      speed: 4,
    },
  };
}

export interface Node {
  readonly name: string;
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly version: string;
}

/** When it was first said of each node that it is Ready, the latest: pulumi says all of it once more at its end. */
function lastReady(parts: Running["parts"]): number {
  const ready = new Map<string, number>();
  for (const { at, text } of parts) for (const [, name] of text.matchAll(/wait for (\S+) to be Ready: done/g)) if (!ready.has(name!)) ready.set(name!, at);
  return Math.max(...ready.values());
}

export class RealStack {
  private constructor(
    readonly stack: TestStack,
    /** Where its machines are. */
    readonly machines: string,
  ) {}

  /** @param part see {@link realMachines} */
  static async create(part: number, config: Readonly<Record<string, string>>): Promise<RealStack> {
    const { machines, emulator } = realMachines(part);
    const stack = await TestStack.create({ range: 0, example: lifecycle, emulator }).catch((error: unknown) => {
      rmSync(machines, { recursive: true, force: true });
      throw error;
    });
    const real = new RealStack(stack, machines);
    await real.set(config);
    return real;
  }

  async set(config: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(config)) await this.stack.succeed(["config", "set", "--path", key, value]);
  }

  /** The change, and nothing left to do after it. Answers with what pulumi said, how long it took in seconds, and after how many the last node was Ready. */
  async up(config: Readonly<Record<string, string>> = {}): Promise<{ output: string; seconds: number; readySeconds: number }> {
    await this.set(config);
    const begun = Date.now();
    const running = this.stack.startUp();
    const { code, output } = await running.ended;
    const seconds = (Date.now() - begun) / 1000;
    if (code !== 0) throw new Error(`pulumi up ended with ${code}:\n${output}`);
    await this.stack.succeed(["preview", "--expect-no-changes"]);
    return { output, seconds, readySeconds: (lastReady(running.parts) - begun) / 1000 };
  }

  private get kubeconfig(): string {
    return join(this.stack.folder, "kubeconfig");
  }

  async writeKubeconfig(): Promise<void> {
    writeFileSync(this.kubeconfig, await this.stack.output("kubeconfig"), { mode: 0o600 });
  }

  /** @throws with what kubectl said */
  kubectl(args: readonly string[], input?: string): string {
    return execFileSync("kubectl", ["--kubeconfig", this.kubeconfig, ...args], { encoding: "utf8", ...(input === undefined ? {} : { input }), stdio: ["pipe", "pipe", "pipe"] });
  }

  /** A kubectl that watches. */
  watch(args: readonly string[]): { readonly lines: () => string[]; readonly ended: () => boolean; readonly end: () => void } {
    const child = spawn("kubectl", ["--kubeconfig", this.kubeconfig, "get", ...args, "--watch"], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    return { lines: () => output.split("\n").filter((line) => line !== ""), ended: () => child.exitCode !== null, end: () => void child.kill() };
  }

  nodes(): Node[] {
    const list = JSON.parse(this.kubectl(["get", "nodes", "-o", "json"])) as {
      items: { metadata: { name: string }; spec: { unschedulable?: boolean }; status: { nodeInfo: { kubeletVersion: string }; conditions: { type: string; status: string }[] } }[];
    };
    return list.items.map(({ metadata: { name }, spec, status }) => ({
      name,
      ready: status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
      schedulable: spec.unschedulable !== true,
      version: status.nodeInfo.kubeletVersion,
    }));
  }

  /** Ids of machines by their names. */
  get ids(): ReadonlyMap<string, string> {
    const found = readdirSync(join(this.machines, "machines")).flatMap((id): [string, string][] => {
      const name = runInside(this.machines, id, ["hostname"]);
      return name === undefined ? [] : [[name, id]];
    });
    return new Map(found);
  }

  /** Asks Mold as its administrator, past the library: as somebody does who has the console. Does not wait for a job. */
  async mold(command: string, params: Params): Promise<void> {
    const { apiKey, secretKey } = this.stack.admin;
    const answer = await fetch(this.stack.apiUrl, { method: "POST", body: signed({ command, ...params }, apiKey, secretKey), headers: { "content-type": "application/x-www-form-urlencoded" } });
    if (!answer.ok) throw new Error(`${command}: ${await answer.text()}`);
  }

  /** Runs a command in a machine; what it printed, or undefined when it failed or the machine is off. */
  inside(name: string, ...argv: string[]): string | undefined {
    const id = this.ids.get(name);
    return id === undefined ? undefined : runInside(this.machines, id, argv);
  }

  /** Runs a script in a machine; what it printed. @throws with what it said when it failed */
  readonly script = (name: string, text: string, ...args: string[]): string => runScript(initOf(this.machines, this.ids.get(name) ?? ""), text, args);

  /** Loads the test's own images into these machines: they are on no ISO, and there is no registry. */
  async loadImages(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      const init = initOf(this.machines, this.ids.get(name) ?? "");
      if (init === undefined) throw new Error(`${name} is not up`);
      const child = spawn(...entering(init, ["ctr", "-n", "k8s.io", "images", "import", "-"]), { stdio: ["pipe", "ignore", "inherit"] });
      createReadStream(join(images!, "web-server.tar")).pipe(child.stdin);
      const code = await new Promise((resolve) => child.once("exit", resolve));
      if (code !== 0) throw new Error(`${name} does not take the images`);
    }
  }

  async ingress(): Promise<string> {
    return this.stack.output("ingressIp");
  }

  /** Begins to ask through the balancers; the function that it answers with ends that, and says what came of it. */
  async load(page: boolean): Promise<() => Promise<LoadReport>> {
    const endpoint = new URL(await this.stack.output("endpoint"));
    const view = JSON.parse(this.kubectl(["config", "view", "--raw", "--flatten", "-o", "json"])) as {
      clusters: { cluster: { "certificate-authority-data": string } }[];
      users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
    };
    const text = (base64: string): string => Buffer.from(base64, "base64").toString();
    const { user } = view.users[0]!;
    const targets: LoadTargets = {
      api: {
        host: endpoint.hostname,
        port: Number(endpoint.port),
        ca: text(view.clusters[0]!.cluster["certificate-authority-data"]),
        cert: text(user["client-certificate-data"]),
        key: text(user["client-key-data"]),
      },
      ...(page ? { page: { host: await this.ingress(), port: 80 } } : {}),
    };
    const file = join(this.stack.folder, "load.json");
    writeFileSync(file, JSON.stringify(targets), { mode: 0o600 });
    const child = spawn(process.execPath, ["--import", "tsx", join(root, "tests/real/world/load.ts"), file], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    return async () => {
      child.kill("SIGTERM");
      await ended;
      return JSON.parse(output) as LoadReport;
    };
  }

  /** What is left of it on this host. */
  get left(): string[] {
    return leavings(this.machines);
  }

  async close(): Promise<void> {
    await this.stack.mold.reset();
    await this.stack.close();
    rmSync(this.machines, { recursive: true, force: true });
  }
}
