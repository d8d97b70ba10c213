/** A client of its own for these tests: it shares nothing with the library's. */
import { createHmac } from "node:crypto";
import { createEmulator, rowsOnly, type Emulator, type EmulatorOptions } from "../../provider/emulator";
import { VirtualClock } from "./virtual-clock";

export type Params = Readonly<Record<string, string>>;
export type Item = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- answers are looked into freely here

export interface Answer {
  readonly status: number;
  /** Everything, with the response key. */
  readonly body: Item;
  /** What is under the response key. */
  readonly inner: Item;
  readonly headers: Readonly<Record<string, string>>;
}

export interface JobAnswer extends Answer {
  /** The last poll; undefined when the call itself was refused. */
  readonly job?: Item;
  /** `jobresult` of it. */
  readonly result: Item;
}

export const testUsers = [
  { name: "admin", admin: true, apiKey: "admin-key", secretKey: "admin-secret" },
  { name: "u1", apiKey: "u1-key", secretKey: "u1-secret" },
] as const;

const javaEncode = (value: string): string => encodeURIComponent(value).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

export function signed(params: Params, apiKey: string, secretKey: string, digest = "sha256"): string {
  const all = { response: "json", ...params, apiKey };
  const text = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${javaEncode(value).replace(/%2A/g, "*")}`).join("&");
  const signature = createHmac(digest, secretKey).update(text.toLowerCase()).digest("base64");
  return Object.entries({ ...all, signature }).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}

/** An emulated cloud in virtual time, with a client in it. */
export class World {
  readonly clock: VirtualClock;
  readonly emulator: Emulator;

  constructor(options: EmulatorOptions = {}) {
    this.clock = options.clock instanceof VirtualClock ? options.clock : new VirtualClock();
    this.emulator = createEmulator({ hypervisor: rowsOnly, users: testUsers, ...options, clock: this.clock });
  }

  async call(command: string, params: Params = {}, user: string = "admin", method: "GET" | "POST" = "POST"): Promise<Answer> {
    const keys = this.emulator.users.find(({ name }) => name === user);
    const form = signed({ command, ...params }, keys?.apiKey ?? "", keys?.secretKey ?? "");
    return this.send(form, method);
  }

  /** Sends what is given, signed or not. */
  async send(form: string, method: "GET" | "POST" = "POST"): Promise<Answer> {
    const handled = this.emulator.handle(method === "POST" ? { method, path: "/client/api", body: form } : { method, path: `/client/api?${form}` });
    const { status, body, headers } = await this.clock.settle(handled);
    const parsed = body.startsWith("{") ? (JSON.parse(body) as Item) : { text: body };
    return { status, body: parsed, inner: (Object.values(parsed)[0] ?? {}) as Item, headers };
  }

  /** Runs a job to its end; time passes as it needs. */
  async job(command: string, params: Params = {}, user: string = "admin"): Promise<JobAnswer> {
    const begun = await this.call(command, params, user);
    if (begun.inner.jobid === undefined) return { ...begun, result: {} };
    return { ...begun, ...(await this.ended(begun.inner.jobid as string, user)) };
  }

  async ended(jobId: string, user: string = "admin"): Promise<{ job: Item; result: Item }> {
    for (let polls = 0; polls < 10_000; polls += 1) {
      const { inner } = await this.call("queryAsyncJobResult", { jobid: jobId }, user);
      if (inner.jobstatus !== 0) return { job: inner, result: inner.jobresult as Item };
      if (!this.clock.step()) throw new Error(`job ${jobId} is pending and nothing is due`);
    }
    throw new Error(`job ${jobId} does not end`);
  }

  async list(command: string, params: Params = {}, user: string = "admin"): Promise<Item[]> {
    const { status, inner } = await this.call(command, params, user);
    if (status !== 200) throw new Error(`${command}: ${JSON.stringify(inner)}`);
    return (Object.entries(inner).find(([key]) => key !== "count")?.[1] ?? []) as Item[];
  }

  async first(command: string, params: Params = {}, user: string = "admin"): Promise<Item> {
    const [item] = await this.list(command, params, user);
    if (item === undefined) throw new Error(`${command} ${JSON.stringify(params)} finds nothing`);
    return item;
  }

  /** The id of what a job made; throws with Mold's words when it failed. */
  async made(command: string, params: Params, user: string = "admin"): Promise<string> {
    const { inner, job } = await this.job(command, params, user);
    if (job?.jobstatus !== 1) throw new Error(`${command}: ${JSON.stringify(job?.jobresult ?? inner)}`);
    return String(inner.id);
  }

  private known: { zone: string; template: string; networkOffering: string } | undefined;

  async basics(): Promise<{ zone: string; template: string; networkOffering: string }> {
    this.known ??= {
      zone: (await this.first("listZones", { name: "zone-1" })).id,
      template: (await this.first("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" })).id,
      networkOffering: (await this.first("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" })).id,
    };
    return this.known;
  }

  async offering(name = "k8s-2c-2g"): Promise<string> {
    return (await this.first("listServiceOfferings", { name })).id as string;
  }

  async network(name = "net", user = "admin"): Promise<string> {
    const { zone, networkOffering } = await this.basics();
    const { inner } = await this.call("createNetwork", { name, displaytext: name, zoneid: zone, networkofferingid: networkOffering }, user);
    return String(inner.network.id);
  }

  async address(networkId: string, user = "admin"): Promise<string> {
    return this.made("associateIpAddress", { networkid: networkId }, user);
  }

  async deployParams(networkId: string, name: string, more: Params = {}): Promise<Params> {
    const { zone, template } = await this.basics();
    return { zoneid: zone, templateid: template, serviceofferingid: await this.offering(), networkids: networkId, name, ...more };
  }

  async machine(networkId: string, name: string, more: Params = {}, user = "admin"): Promise<string> {
    return this.made("deployVirtualMachine", await this.deployParams(networkId, name, more), user);
  }

  async state(machineId: string): Promise<string | undefined> {
    return (await this.list("listVirtualMachines", { id: machineId }))[0]?.state as string | undefined;
  }
}

