/**
 * The real Terraform with a Mold of its own: folder, state, addresses and port are the test's alone, and nothing of it outlives the
 * test. The Mold runs in the test's process, so that its calls can be counted and its faults ordered.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEmulator, type CallRecord, type Emulator, type EmulatorOptions } from "../../../provider/emulator";
import { root } from "../../engine/world/paths";
import { isAlive, killAll } from "../../engine/world/processes";
import { startProcess, type Ended, type Running } from "../../engine/world/running";
import { until } from "../../engine/world/stack";

/** The engine of this machine; undefined: there is none. */
export const terraform: string | undefined = (() => {
  const { status, stdout } = spawnSync(join(root, ".toolchain/terraform/find.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 ? stdout.trim() : undefined;
})();

export interface EngineOptions {
  /** Each test file has public addresses of its own: 127.90.<range>.0/24. */
  readonly range: number;
  readonly emulator?: EmulatorOptions;
}

/** A machine that boots in about a second. */
const speed = 20;

export class TerraformEngine {
  private readonly started: Running[] = [];

  private constructor(
    readonly folder: string,
    readonly mold: Emulator,
    readonly apiUrl: string,
  ) {}

  static async create({ range, emulator }: EngineOptions): Promise<TerraformEngine> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "ablestack-terraform-")));
    for (const name of ["home", "program"]) mkdirSync(join(folder, name));
    const mold = createEmulator({ speed, publicRange: `127.90.${range}.0/24`, ...emulator });
    const engine = new TerraformEngine(folder, mold, await mold.listen());
    execFileSync(process.execPath, [join(root, ".toolchain/terraform/mirror.mjs"), join(folder, "mirror")], { stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(join(folder, "terraformrc"), `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${join(folder, "mirror")}"\n  }\n}\n`);
    return engine;
  }

  get program(): string {
    return join(this.folder, "program");
  }

  get admin(): { readonly apiKey: string; readonly secretKey: string } {
    const admin = this.mold.users.find(({ name }) => name === "admin");
    if (!admin) throw new Error("the embedded Mold has no admin");
    return admin;
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.program, file), content);
  }

  read(file: string): string {
    return readFileSync(join(this.program, file), "utf8");
  }

  /** The configuration: the provider and what is declared. */
  declare(...blocks: readonly string[]): void {
    this.write("main.tf", [`terraform {\n  required_providers {\n    ablestack = {\n      source = "ablestack/ablestack"\n    }\n  }\n}\nprovider "ablestack" {\n  owner = "test"\n}\n`, ...blocks].join("\n"));
  }

  /** Starts terraform and goes on. */
  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const { apiKey, secretKey } = this.admin;
    const running = startProcess(terraform!, args, {
      cwd: this.program,
      env: {
        PATH: process.env.PATH,
        HOME: join(this.folder, "home"),
        TF_CLI_CONFIG_FILE: join(this.folder, "terraformrc"),
        TF_IN_AUTOMATION: "true",
        ABLESTACK_API_URL: this.apiUrl,
        ABLESTACK_API_KEY: apiKey,
        ABLESTACK_SECRET_KEY: secretKey,
        ...environment,
      },
    });
    this.started.push(running);
    return running;
  }

  async run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(args, environment).ended;
  }

  /** What it printed. Throws when it failed. */
  async succeed(args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(args);
    if (code !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  init(): Promise<string> {
    return this.succeed(["init", "-no-color", "-input=false"]);
  }
  apply(...more: readonly string[]): Promise<string> {
    return this.succeed(["apply", "-no-color", "-input=false", "-auto-approve", ...more]);
  }
  destroy(): Promise<string> {
    return this.succeed(["destroy", "-no-color", "-input=false", "-auto-approve"]);
  }

  /** Whether there is anything to do, by the engine's own word, and what it said. */
  async plan(): Promise<{ readonly isEmpty: boolean; readonly output: string }> {
    const { code, output } = await this.run(["plan", "-no-color", "-input=false", "-detailed-exitcode"]);
    if (code !== 0 && code !== 2) throw new Error(`terraform plan ended with ${code}:\n${output}`);
    return { isEmpty: code === 0, output };
  }

  async resources(): Promise<readonly StateResource[]> {
    const shown = JSON.parse(await this.succeed(["show", "-json"])) as { values?: { root_module?: { resources?: StateResource[] } } };
    return shown.values?.root_module?.resources ?? [];
  }

  /** Attributes of a resource, by its address. */
  async attributes(address: string): Promise<Readonly<Record<string, unknown>>> {
    const found = (await this.resources()).find((each) => each.address === address);
    if (!found) throw new Error(`the state has no ${address}`);
    return found.values;
  }

  /** Calls of Mold that `work` led to. */
  async callsOf(work: () => Promise<unknown>): Promise<readonly CallRecord[]> {
    const before = this.mold.calls().at(-1)?.number ?? 0;
    await work();
    return this.mold.calls(before);
  }

  /** Resolves at the n-th call of a command from now on. */
  async call(command: string, count = 1): Promise<void> {
    const since = this.mold.calls().at(-1)?.number ?? 0;
    await until(`call ${count} of ${command}`, () => this.mold.calls(since).filter((call) => call.command === command).length >= count);
  }

  /** What is there, by kind. */
  get inMold(): Readonly<Record<string, readonly { readonly name?: string; readonly state?: string }[]>> {
    return JSON.parse(this.mold.snapshot()) as Record<string, { name?: string; state?: string }[]>;
  }

  /** The machines that run. */
  get machines(): string[] {
    return (this.inMold.machines ?? []).filter(({ state }) => state === "Running").map(({ name }) => name ?? "").sort();
  }

  /** `kill -9` of terraform and of all that it started. */
  async killTree(running: Running): Promise<void> {
    killAll([running.pid, ...running.descendants()]);
    await running.ended;
  }

  async close(): Promise<void> {
    for (const { pid, descendants: below } of this.started) if (isAlive(pid)) killAll([...below(), pid]);
    await this.mold.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Calls that changed something. */
export const changing = (calls: readonly CallRecord[]): string[] => calls.map(({ command }) => command).filter((command) => !/^(list|query|get)/.test(command));
