/** One machine on the host. What is asked of it is done in turn; whether it runs is read from the host, so that another process finds it so too. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HypervisorContext, IsoSpec, MachineSpec } from "../hypervisor";
import type { Discs } from "./discs";
import { attempt, hostEnvironment, run } from "./host";
import { givenFiles, launchOf, seedFiles, type GivenFile } from "./launch";
import { DRIVE, files, launcherScript } from "./launcher";
import type { Names } from "./names";
import { processOf, signal, until } from "./processes";
import type { Routers } from "./routers";
import { sweepMachine } from "./sweep";
import { Turns } from "./turns";

/** How long an orderly shutdown may take before the plug is pulled; systemd inside gives its services 10 s. */
const SHUTDOWN_LIMIT = 40_000;
/** How long the launcher may take to tidy up after its machine. */
const TIDY_LIMIT = 15_000;

/** Colours and carriage returns. */
const terminals = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]|\r`, "g");

export interface MachineHost {
  readonly names: Names;
  readonly rootfs: string;
  readonly context: HypervisorContext;
  readonly routers: Routers;
  readonly discs: Discs;
}

export class Machine {
  private readonly turns = new Turns();
  private readonly dir: string;
  /** Somebody wants it to run. */
  private wanted = false;
  /** It was begun: if it does not run any more, it has powered itself off. */
  private begun = false;
  private forced = false;
  private working = 0;

  constructor(
    private spec: MachineSpec,
    private readonly host: MachineHost,
  ) {
    this.dir = host.names.machineDir(spec.id);
  }

  private file(name: string): string {
    return join(this.dir, name);
  }

  /** Its launcher lives. */
  private get runs(): boolean {
    return processOf(this.file(files.pid), this.file(files.script)) !== undefined;
  }

  start(spec: MachineSpec): void {
    this.spec = spec;
    this.wanted = true;
    this.forced = false;
    void this.inTurn("start", () => this.bringUp());
  }

  /** Resolves when it is off. */
  stop(forced: boolean): Promise<void> {
    this.wanted = false;
    if (forced) this.forced = true;
    return this.inTurn("stop", () => this.takeDown());
  }

  reboot(): void {
    void this.inTurn("reboot", async () => {
      if (!this.runs || !this.wanted) return;
      const before = await this.text(files.nspawn);
      await writeFile(this.file(files.reboot), "");
      await this.endBoot(async () => !this.runs || ![undefined, before].includes(await this.text(files.nspawn)));
    });
  }

  destroy(): Promise<void> {
    this.wanted = false;
    this.forced = true;
    return this.inTurn("destroy", async () => {
      await this.takeDown();
      await sweepMachine(this.host.names, this.spec.id);
      await this.host.discs.eject(this.dir);
      await rm(this.dir, { recursive: true, force: true });
    });
  }

  attachIso(iso: IsoSpec): void {
    this.spec = { ...this.spec, iso };
    void this.inTurn("attach the ISO", () => this.insertDisc());
  }

  detachIso(): void {
    this.spec = { ...this.spec, iso: undefined };
    void this.inTurn("detach the ISO", () => this.ejectDisc());
  }

  updateUserData(userData: string | undefined): void {
    this.spec = { ...this.spec, userData };
    void this.inTurn("replace the user data", async () => {
      if (!existsSync(this.dir)) return;
      await this.layData();
      // Where a running machine would read it again, it reads what Mold has now.
      for (const { name, content, mode } of seedFiles(this.spec)) await writeWhole(this.file(`seed/${name}`), content, mode);
    });
  }

  /** Takes up what an earlier process left: by the host's word, not by memory. */
  restore(spec: MachineSpec, running: boolean): void {
    this.spec = spec;
    this.wanted = running;
    if (!running) {
      if (this.runs) void this.stop(true);
      return;
    }
    void this.inTurn("go on", async () => {
      if (!this.runs && !existsSync(this.file(files.ended))) return this.bringUp();
      this.begun = true;
      if (!this.runs) return;
      // The process may have died between the record of a change and the change.
      if (spec.iso === undefined) await this.ejectDisc();
      else if (!existsSync(this.file(files.disc))) await this.insertDisc();
      await this.layData();
    });
  }

  /** Notices that it has powered itself off. */
  look(): void {
    if (!this.wanted || !this.begun || this.working > 0 || this.runs) return;
    this.wanted = false;
    this.begun = false;
    this.host.context.emit({ machineId: this.spec.id, type: "NSPAWN.MACHINE", text: `${this.spec.name} is off: its launcher ended with ${this.last(files.ended, 1).join("") || "nothing"}; ${this.last(files.log, 3).join(" ") || "its console is in " + this.file(files.console)}` });
    this.host.context.onStopped(this.spec.id);
  }

  console(): readonly string[] {
    return this.last(files.console, 300);
  }

  over(): Promise<void> {
    return this.turns.over();
  }

  private last(name: string, lines: number): string[] {
    try {
      return readFileSync(this.file(name), "utf8").replaceAll(terminals, "").split("\n").filter((line) => line !== "").slice(-lines);
    } catch {
      return [];
    }
  }

  private async inTurn(what: string, work: () => Promise<void>): Promise<void> {
    this.working += 1;
    try {
      await this.turns.take(work);
    } catch (error) {
      this.host.context.emit({ machineId: this.spec.id, type: "NSPAWN.MACHINE", text: `${this.spec.name} can't ${what}: ${error instanceof Error ? error.message : String(error)}` });
    } finally {
      this.working -= 1;
    }
  }

  private async text(name: string): Promise<string | undefined> {
    const content = await readFile(this.file(name), "utf8").catch(() => "");
    return content.trim() || undefined;
  }

  private async bringUp(): Promise<void> {
    if (!this.wanted || this.runs) return;
    const { context, names, rootfs, routers } = this.host;
    const { spec } = this;
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    if (context.faultFor("machineNeverBoots", spec.name)) {
      await appendFile(this.file(files.console), "No bootable device.\n");
      return;
    }
    await this.layData();
    if (context.faultFor("nodeNeverReady", spec.name)) await writeFile(this.file("given/no-network"), "");
    else await rm(this.file("given/no-network"), { force: true });
    await this.insertDisc();
    await routers.ensure({ id: spec.networkId, cidr: spec.networkCidr, gateway: spec.gateway });
    for (const name of [files.ended, files.reboot]) await rm(this.file(name), { force: true });
    await writeWhole(this.file(files.script), launcherScript(launchOf(names, spec, rootfs)), 0o755);
    const log = openSync(this.file(files.log), "w", 0o600);
    const launcher = spawn("bash", [this.file(files.script), "run"], { detached: true, stdio: ["ignore", log, log], env: hostEnvironment });
    closeSync(log);
    launcher.on("error", (error) => context.emit({ machineId: spec.id, type: "NSPAWN.MACHINE", text: `${spec.name} can't start: ${error.message}` }));
    launcher.unref();
    await until(() => this.runs || existsSync(this.file(files.ended)), 5_000, 20);
    this.begun = true;
  }

  private async takeDown(): Promise<void> {
    if (this.runs) {
      await rm(this.file(files.reboot), { force: true });
      await this.endBoot(() => !this.runs);
      // One that does not come to its end goes with everything that it started.
      if (this.runs) await sweepMachine(this.host.names, this.spec.id);
    }
    this.begun = false;
    // It was told to: only a machine that goes by itself leaves word of it.
    await rm(this.file(files.ended), { force: true });
  }

  /** Shuts the running boot down, or pulls the plug; until what comes after it has come. */
  private async endBoot(over: () => boolean | Promise<boolean>): Promise<void> {
    let asked: number | undefined;
    const orderly = Date.now() + SHUTDOWN_LIMIT;
    await until(async () => {
      if (await over()) return true;
      // It may be between two boots: then there is nobody to tell yet.
      const nspawn = processOf(this.file(files.nspawn), this.dir);
      const forced = this.forced || Date.now() > orderly;
      if (nspawn !== undefined && (forced || asked !== nspawn)) {
        signal(nspawn, forced ? "SIGKILL" : "SIGTERM");
        asked = nspawn;
      }
      return false;
    }, SHUTDOWN_LIMIT + TIDY_LIMIT);
  }


  /** User data and what else the next boot is given. */
  private async layData(): Promise<void> {
    for (const [folder, given] of [["given", givenFiles()], [files.data, seedFiles(this.spec)]] as const) {
      await mkdir(this.file(folder), { recursive: true, mode: 0o700 });
      for (const { name, content, mode } of given) await writeWhole(this.file(`${folder}/${name}`), content, mode);
    }
  }

  private async insertDisc(): Promise<void> {
    const { iso } = this.spec;
    await this.ejectDisc();
    if (iso === undefined || !existsSync(this.dir)) return;
    if (iso.version === undefined) throw new Error(`${iso.name} is no Kubernetes ISO: only those have content here`);
    const device = await this.host.discs.insert(this.dir, iso.version);
    await writeWhole(this.file(files.disc), `${device}\n`, 0o600);
    const init = await this.text(files.init);
    // Before it has one, the launcher does it.
    if (init !== undefined) await run(["mknod", "-m", "0440", `/proc/${init}/root/${DRIVE}`, "b", ...(device.split(" ") as [string, string])]);
  }

  private async ejectDisc(): Promise<void> {
    await rm(this.file(files.disc), { force: true });
    const init = await this.text(files.init);
    if (init !== undefined) await attempt(["rm", "-f", `/proc/${init}/root/${DRIVE}`]);
    await this.host.discs.eject(this.dir);
  }
}

/** The file is as it was or as it shall be, never half. */
async function writeWhole(path: string, content: GivenFile["content"], mode: number): Promise<void> {
  await writeFile(`${path}.new`, content, { mode });
  await rename(`${path}.new`, path);
}
