/** The embedded Mold as an object: for use within a process, and what the server program runs. */
import { randomUUID } from "node:crypto";
import { CallLog, type CallRecord } from "./calls";
import { SystemClock, type EmulatorClock } from "./clock";
import type { ApiRequest, ApiResponse } from "./dispatch";
import { defaultDurations, type Durations } from "./durations";
import { ConnectionDropped, NotRunning } from "./errors";
import { Faults, type FaultOrder } from "./faults";
import type { DirectRequest, DirectResponse, HypervisorFactory } from "./hypervisor";
import { HttpServer } from "./http";
import { loseHosts } from "./power";
import { Run } from "./run";
import { defaultCapacity, defaultPublicRange, defaultUsers, publicRangeOf, type Capacity, type UserSeed } from "./seed";
import { defaultSettings, type Settings } from "./settings";
import { createSimulatedHypervisor } from "./simulated";
import { isEmpty, snapshot } from "./snapshot";
import { Store } from "./store";

export interface EmulatorOptions extends Partial<Settings> {
  /** Time. Default: the machine's own, at {@link speed}. */
  readonly clock?: EmulatorClock;
  /** How many times as fast as a real server jobs and boots go. Default 1. Only without `clock`. */
  readonly speed?: number;
  /** The journal file to keep everything in. Default: in memory. */
  readonly state?: string;
  /** Default: a root admin `admin` and a plain `user`, with random keys made once and kept. */
  readonly users?: readonly UserSeed[];
  /** What runs the machines. Default: the simulated hypervisor. */
  readonly hypervisor?: HypervisorFactory;
  /** Range of the public addresses. Default `127.80.0.0/24`. Of a state that exists already, the one it was made with stays. */
  readonly publicRange?: string;
  /** Which of the Kubernetes versions it has an ISO of: these are enabled at each start, the others disabled. Default: as registered. */
  readonly offersKubernetes?: (version: string) => boolean;
  readonly capacity?: Partial<Capacity>;
  /** The same seed gives the same ids. Default: `embedded` in memory, random in a file. */
  readonly seed?: string;
  /** Durations to change, in milliseconds of work. */
  readonly durations?: Partial<Durations>;
  /** Whether the simulated machines may open sockets on the public addresses. Default: once {@link Emulator.listen} was called. */
  readonly sockets?: boolean;
  /** Lines of the process's log. Default: nowhere. */
  readonly log?: (line: string) => void;
  /** Each call as it is logged. */
  readonly onCall?: (call: CallRecord) => void;
  /** What an ordered `processKilled` does. Default: the emulator is away for a while and comes back with what its store holds. */
  readonly onKill?: (order: FaultOrder) => void;
}

/** An API user of the emulator, with what a connection needs. */
export interface EmulatorUser {
  readonly name: string;
  readonly admin: boolean;
  readonly apiKey: string;
  readonly secretKey: string;
}

export interface Emulator {
  /**
   * Answers one API request. Resolves without real time passing, unless latency or a slow answer was ordered.
   * @throws ConnectionDropped (code `ECONNRESET`) or NotRunning (`ECONNREFUSED`) where a client would see its connection fail
   */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Answers over HTTP on loopback. Resolves with the API's URL. @param port default 0: any free one */
  listen(port?: number, control?: { readonly token: string; readonly stop?: () => void }): Promise<string>;
  /** Ends listeners and timers; what is kept in a file stays there. */
  close(): Promise<void>;
  readonly users: readonly EmulatorUser[];
  readonly faults: Faults;
  /** Calls since the start (or {@link clearCalls}), the oldest first. @param after only those with a higher number */
  calls(after?: number): readonly CallRecord[];
  clearCalls(): void;
  /** Canonical JSON of all that accounts made, without ids and times, for comparing end states. */
  snapshot(): string;
  /** Whether nothing that accounts make is left; of one account, or of all. */
  isEmpty(account?: string): boolean;
  /** A request to a port of a public address without a socket; undefined: nobody listens there. */
  request(address: string, port: number, request: DirectRequest): Promise<DirectResponse | undefined>;
  /** Resolves when the listeners that were last asked for are open. */
  settled(): Promise<void>;
  /** Empties the cloud: everything is as at the first start, keys and public range included. */
  reset(): Promise<void>;
}

/**
 * Makes an embedded Mold.
 * @example
 * const mold = createEmulator({ clock, users: [{ name: "admin", admin: true, apiKey: "key", secretKey: "secret" }] });
 * const { status, body } = await mold.handle({ method: "GET", path: `?${signedQuery}` });
 */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  return new InProcessEmulator(options);
}

class InProcessEmulator implements Emulator {
  readonly faults: Faults;
  private readonly log: CallLog;
  private readonly clock: EmulatorClock;
  private store: Store;
  private run: Run | undefined;
  private server: HttpServer | undefined;
  private sockets: boolean;
  private closed = false;

  constructor(private readonly options: EmulatorOptions) {
    this.clock = options.clock ?? new SystemClock(options.speed ?? 1);
    this.faults = new Faults(
      () => this.run?.dispatcher.jobs.release(),
      (kind) => kind === "hostLost" && this.run && loseHosts(this.run.cloud),
    );
    this.log = new CallLog((record) => options.onCall?.(record));
    this.sockets = options.sockets ?? false;
    this.store = new Store(options.state);
    if (this.store.torn > 0) this.say(`dropped ${this.store.torn} bytes of a torn last line of ${options.state ?? ""}`);
    this.run = this.boot();
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    if (this.run === undefined) throw new NotRunning();
    return this.run.dispatcher.answer(request);
  }

  async listen(port = 0, control?: { readonly token: string; readonly stop?: () => void }): Promise<string> {
    if (this.server !== undefined) return this.server.url;
    if (!this.sockets && this.options.sockets === undefined) await this.reboot(true);
    const server = new HttpServer(this, control, (line) => this.say(line));
    await server.listen(port);
    this.server = server;
    return server.url;
  }

  async close(): Promise<void> {
    const { run, server } = this;
    this.closed = true;
    this.run = undefined;
    this.server = undefined;
    await server?.close();
    await run?.close();
    this.store.close();
  }

  get users(): readonly EmulatorUser[] {
    return this.store.table("users").all().map((user) => ({
      name: user.name,
      admin: this.store.table("accounts").get(user.accountId)?.admin === true,
      apiKey: user.apiKey,
      secretKey: user.secretKey,
    }));
  }

  calls(after?: number): readonly CallRecord[] {
    return this.log.since(after);
  }

  clearCalls(): void {
    this.log.clear();
  }

  snapshot(): string {
    return snapshot(this.store, this.running().hypervisor);
  }

  isEmpty(account?: string): boolean {
    return isEmpty(this.store, account);
  }

  async request(address: string, port: number, request: DirectRequest): Promise<DirectResponse | undefined> {
    return this.run?.hypervisor.request?.(address, port, request);
  }

  async settled(): Promise<void> {
    await this.run?.hypervisor.settled?.();
  }

  async reset(): Promise<void> {
    const [keys, range] = [this.users, publicRangeOf(this.store)];
    await this.run?.close();
    this.run = undefined;
    this.store.clear();
    this.faults.clear();
    this.run = this.boot(keys, range);
    // Real machines take a while to go.
    await this.settled();
  }

  private running(): Run {
    if (this.run === undefined) throw new NotRunning();
    return this.run;
  }

  private boot(keys: readonly EmulatorUser[] = [], range?: string): Run {
    const { options } = this;
    const users = (options.users ?? defaultUsers).map((user) => ({ ...keys.find(({ name }) => name === user.name), ...user }));
    return new Run({
      store: this.store,
      clock: this.clock,
      settings: Object.fromEntries(Object.entries(defaultSettings).map(([name, value]) => [name, options[name as keyof Settings] ?? value])) as unknown as Settings,
      durations: { ...defaultDurations, ...options.durations },
      faults: this.faults,
      calls: this.log,
      seed: {
        seed: options.seed ?? (options.state === undefined ? "embedded" : randomUUID()),
        users,
        capacity: { ...defaultCapacity, ...options.capacity },
        publicRange: options.publicRange ?? range ?? defaultPublicRange,
      },
      ...(options.offersKubernetes === undefined ? {} : { offersKubernetes: options.offersKubernetes }),
      hypervisor: options.hypervisor ?? createSimulatedHypervisor,
      listen: this.sockets,
      log: (line) => this.say(line),
      kill: (order) => this.killed(order),
    });
  }

  private async reboot(sockets: boolean): Promise<void> {
    this.sockets = sockets;
    await this.run?.close();
    this.run = this.boot();
  }

  /** An ordered death. Of another process it is just that; of this one everything in memory but the orders is lost. */
  private killed(order: FaultOrder): void {
    if (order.pid !== undefined) {
      process.kill(order.pid, "SIGKILL");
      return;
    }
    if (this.options.onKill !== undefined) {
      this.options.onKill(order);
    } else {
      const run = this.run;
      this.run = undefined;
      const closing = run?.close() ?? Promise.resolve();
      const away = order.ms ?? this.options.durations?.processAway ?? defaultDurations.processAway;
      this.clock.after(away, () => void closing.then(() => this.revive()));
    }
    throw new ConnectionDropped(order.effect ?? "before");
  }

  private revive(): void {
    if (this.closed) return;
    if (this.options.state !== undefined) {
      this.store.close();
      this.store = new Store(this.options.state);
    }
    this.run = this.boot();
  }

  private say(line: string): void {
    this.options.log?.(line);
  }
}
