/** The emulator as a process with real machines, and its API. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { missing, thisHost } from "../../../provider/emulator/nspawn";
import { signed, type Item, type Params } from "../../emulator/test-client";
import { initOf, runInside } from "./inside";

const bin = join(__dirname, "..", "..", "..", "provider", "emulator", "bin.ts");

/** Why real machines can't be had here; empty: they can. */
export const lacking = missing(thisHost, process.env.ABLESTACK_MACHINES_ROOTFS);

/** Each test file has public addresses of its own: 198.51.100.0/24 in parts of 32 (TEST-NET-2, RFC 5737). */
export class RealMold {
  readonly state = mkdtempSync(join(tmpdir(), "real-mold-"));

  constructor(
    private readonly part: number,
    private readonly options: readonly string[] = [],
  ) {}

  /** Where its machines are. */
  get machines(): string {
    return join(this.state, "nspawn");
  }

  async command(name: string, ...more: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(process.execPath, ["--import", "tsx", bin, name, ...more, "--state", this.state], (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stdout + stderr))));
    });
  }

  async start(): Promise<void> {
    await this.command("start", "--hypervisor", "nspawn", "--port", "0", "--speed", "10", "--public-range", `198.51.100.${this.part * 32}/27`, ...this.options);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const { pid } = this.note;
    process.kill(pid, "SIGKILL");
    await until("the emulator is dead", () => spawnSync("kill", ["-0", String(pid)]).status !== 0);
  }

  /** Takes everything away, its own folder too. */
  async end(): Promise<void> {
    await this.command("stop").catch(() => undefined);
    await this.command("reset");
    rmSync(this.state, { recursive: true, force: true });
  }

  /** How an administrator's program reaches it. */
  get access(): { readonly apiUrl: string; readonly apiKey: string; readonly secretKey: string } {
    const keys = (JSON.parse(readFileSync(join(this.state, "keys.json"), "utf8")) as Item).admin as { apiKey: string; secretKey: string };
    return { apiUrl: this.note.url, apiKey: keys.apiKey, secretKey: keys.secretKey };
  }

  private get note(): { pid: number; url: string } {
    return JSON.parse(readFileSync(join(this.state, "server.json"), "utf8")) as { pid: number; url: string };
  }

  get log(): string {
    return readFileSync(join(this.state, "emulator.log"), "utf8");
  }

  /** Calls, waits for a job, and throws with Mold's words when it is refused. */
  async call(command: string, params: Params = {}): Promise<Item> {
    const keys = this.access;
    const ask = async (name: string, given: Params): Promise<Item> => {
      const answer = await fetch(this.note.url, { method: "POST", body: signed({ command: name, ...given }, keys.apiKey, keys.secretKey), headers: { "content-type": "application/x-www-form-urlencoded" } });
      const [inner] = Object.values((await answer.json()) as Item) as Item[];
      if (inner!.errortext !== undefined) throw new Error(`${name}: ${inner!.errortext}`);
      return inner!;
    };
    const begun = await ask(command, params);
    if (begun.jobid === undefined) return begun;
    for (;;) {
      const job = await ask("queryAsyncJobResult", { jobid: begun.jobid as string });
      if (job.jobstatus === 2) throw new Error(`${command}: ${JSON.stringify(job.jobresult)}`);
      if (job.jobstatus === 1) return { ...(job.jobresult as Item), id: begun.id as string };
      await wait(50);
    }
  }

  async first(command: string, params: Params = {}): Promise<Item> {
    const items = Object.values(await this.call(command, params)).find(Array.isArray) as Item[] | undefined;
    if (items?.[0] === undefined) throw new Error(`${command} ${JSON.stringify(params)} finds nothing`);
    return items[0];
  }

  async network(name: string): Promise<string> {
    const zone = await this.first("listZones", { name: "zone-1" });
    const offering = await this.first("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" });
    return (await this.call("createNetwork", { name, displaytext: name, zoneid: zone.id, networkofferingid: offering.id })).network.id as string;
  }

  async deploy(network: string, name: string, userData: string, size = "k8s-2c-2g"): Promise<string> {
    const zone = await this.first("listZones", { name: "zone-1" });
    const template = await this.first("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
    const offering = await this.first("listServiceOfferings", { name: size });
    return (await this.call("deployVirtualMachine", { zoneid: zone.id, templateid: template.id, serviceofferingid: offering.id, networkids: network, name, userdata: Buffer.from(userData).toString("base64") })).id as string;
  }

  /** Runs a command in a machine; what it printed, or undefined when it failed or the machine is not up. */
  inside(id: string, ...argv: string[]): string | undefined {
    return runInside(this.machines, id, argv);
  }

  /** The machine's first process, as this host sees it. */
  init(id: string): string | undefined {
    return initOf(this.machines, id);
  }

  /** What the machine's console shows; nothing before it was switched on. */
  console(id: string): string {
    const path = join(this.machines, "machines", id, "console.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  get machineIds(): string[] {
    return readdirSync(join(this.machines, "machines"));
  }
}

export async function until(what: string, isSo: () => boolean, limitMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + limitMs; !isSo(); await wait(100)) if (Date.now() > deadline) throw new Error(`did not happen within ${limitMs / 1000} s: ${what}`);
}

/** What a client of this host meets at a public port: the first bytes that it is sent, `refused`, or `silence`. */
export function knock(address: string, port: number, from: readonly string[] = []): string {
  const { status, stdout } = spawnSync(from[0] ?? "timeout", [...from.slice(1), ...(from.length > 0 ? ["timeout"] : []), "2", "bash", "-c", `exec 3<>/dev/tcp/${address}/${port} && head -c 7 <&3`], { encoding: "utf8" });
  return status === 0 ? stdout : status === 124 ? "silence" : "refused";
}

