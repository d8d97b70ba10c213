/** A router's haproxy: started once, told of members by its socket, reloaded when ports change. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { balancerConfiguration, memberChanges, runningMembers, structure, type Service } from "./balancer-configuration";
import { CommandFailed, run } from "./host";
import { processOf, signal, until } from "./processes";

const RELOAD_LIMIT = 10_000;
const ANSWER_LIMIT = 5_000;

export class Balancer {
  private readonly file = (name: string): string => join(this.dir, name);

  constructor(
    private readonly namespace: string,
    /** Short: sockets are in it. */
    private readonly dir: string,
  ) {}

  private get master(): number | undefined {
    return processOf(this.file("pid"), this.file("haproxy.cfg"));
  }

  /** Makes these the balanced ports, and nothing else. Connections that are not concerned go on. */
  async apply(services: readonly Service[]): Promise<void> {
    const running = this.master !== undefined;
    if (!running && services.length === 0) return;
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const before = running ? await this.applied() : undefined;
    await this.write("haproxy.cfg", balancerConfiguration(services, { socket: this.file("socket"), states: this.file("states") }));
    const now = structure(services);
    if (!running) await this.start();
    else if (before !== now) await this.reload();
    await this.write("structure", now);
    for (const change of memberChanges(services, runningMembers(await this.ask("show servers state")))) await this.order(change);
  }

  /** Ends it with all its connections: its router goes. */
  async stop(): Promise<void> {
    const pid = this.master;
    if (pid === undefined) return;
    signal(pid, "SIGTERM");
    if (!(await until(() => this.master === undefined, ANSWER_LIMIT))) signal(pid, "SIGKILL");
  }

  private async start(): Promise<void> {
    await this.write("states", "");
    await run(["ip", "netns", "exec", this.namespace, "haproxy", "-W", "-D", "-f", this.file("haproxy.cfg"), "-p", this.file("pid")]);
    if (!(await until(() => this.answers(), RELOAD_LIMIT))) throw new CommandFailed(`haproxy of ${this.namespace} does not answer at ${this.file("socket")}`);
  }

  /** A new process takes the ports over; the old one goes on with its connections until they end. */
  private async reload(): Promise<void> {
    await run(["haproxy", "-c", "-q", "-f", this.file("haproxy.cfg")]);
    await this.write("states", await this.ask("show servers state"));
    const before = await this.worker();
    const { master } = this;
    if (master !== undefined) signal(master, "SIGUSR2");
    if (!(await until(async () => (await this.answers()) && (await this.worker()) !== before, RELOAD_LIMIT))) throw new CommandFailed(`haproxy of ${this.namespace} did not take its new configuration`);
  }

  private async worker(): Promise<string | undefined> {
    return /^Pid: (\d+)$/m.exec(await this.ask("show info"))?.[1];
  }

  private async answers(): Promise<boolean> {
    return this.ask("show info").then(
      () => true,
      () => false,
    );
  }

  private async order(command: string): Promise<void> {
    const answer = (await this.ask(command)).trim();
    if (answer !== "" && !/^New server registered|^IP changed|^no need to change|^port changed/i.test(answer)) throw new CommandFailed(`haproxy of ${this.namespace}: ${command}: ${answer}`);
  }

  private ask(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = connect(this.file("socket"), () => socket.write(`${command}\n`));
      socket.setTimeout(ANSWER_LIMIT, () => socket.destroy(new CommandFailed(`haproxy of ${this.namespace} does not answer to ${command}`)));
      socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
      socket.on("error", reject).on("end", () => resolve(answer));
    });
  }

  private async applied(): Promise<string | undefined> {
    return readFile(this.file("structure"), "utf8").catch(() => undefined);
  }

  private async write(name: string, content: string): Promise<void> {
    await writeFile(this.file(`${name}.new`), content, { mode: 0o600 });
    await rename(this.file(`${name}.new`), this.file(name));
  }
}
