/** The real Terraform, or OpenTofu, with a Mold of its own: folder, state, addresses and port are the test's alone. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { CallRecord, Emulator, EmulatorOptions } from "../../../provider/emulator";
import { EngineUnderTest, moldFor } from "../../engine/world/engine-under-test";
import { root } from "../../engine/world/paths";
import { startProcess, type Ended, type Running } from "../../engine/world/running";

const found = (script: string, ...args: readonly string[]): string | undefined => {
  const { status, stdout } = spawnSync(join(root, ".toolchain/terraform", script), args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return status === 0 ? stdout.trim() : undefined;
};

/** The engine of this machine; undefined: there is none. */
export const terraform = found("find.sh");
/** OpenTofu, where it is on PATH or was built: tests build none (`find-tofu.sh` does). */
export const openTofu = found("find-tofu.sh", "--there");

export interface EngineOptions {
  /** Each test file has public addresses of its own: 127.90.<range>.0/24. */
  readonly range: number;
  readonly emulator?: EmulatorOptions;
  /** The program that is tried; without: that of this machine. */
  readonly binary?: string;
}

export class TerraformEngine extends EngineUnderTest {
  private constructor(
    private binary: string,
    folder: string,
    mold: Emulator,
    apiUrl: string,
  ) {
    super(folder, join(folder, "program"), mold, apiUrl);
  }

  protected get command(): string {
    return basename(this.binary);
  }

  /** Another engine has it from now on, with the state that is there. */
  use(binary: string): void {
    this.binary = binary;
  }

  static async create({ range, emulator, binary = terraform! }: EngineOptions): Promise<TerraformEngine> {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "ablestack-terraform-")));
    for (const name of ["home", "program"]) mkdirSync(join(folder, name));
    const mold = moldFor(range, emulator);
    const engine = new TerraformEngine(binary, folder, mold, await mold.listen());
    execFileSync(process.execPath, [join(root, ".toolchain/terraform/mirror.mjs"), join(folder, "mirror")], { stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(join(folder, "terraformrc"), `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${join(folder, "mirror")}"\n  }\n}\n`);
    return engine;
  }

  /** The configuration: the provider and what is declared. */
  declare(...blocks: readonly string[]): void {
    this.declareAs("test", ...blocks);
  }

  declareAs(owner: string, ...blocks: readonly string[]): void {
    this.write("main.tf", [`${requiring("ablestack/ablestack")}provider "ablestack" {\n  owner = "${owner}"\n}\n`, ...blocks].join("\n"));
  }

  /** Starts the engine and goes on. */
  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const { apiKey, secretKey } = this.admin;
    const running = startProcess(this.binary, args, {
      cwd: this.program,
      env: {
        PATH: process.env.PATH,
        HOME: join(this.folder, "home"),
        TMPDIR: this.folder,
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

  override async run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended> {
    return this.start(args, environment).ended;
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
    if (code !== 0 && code !== 2) throw new Error(`${this.command} plan ended with ${code}:\n${output}`);
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
}

export interface StateResource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** @param source where the engine looks for the provider */
export const requiring = (source: string): string => `terraform {\n  required_providers {\n    ablestack = {\n      source = "${source}"\n    }\n  }\n}\n`;

/** Calls that changed something. */
export const changing = (calls: readonly CallRecord[]): string[] => calls.map(({ command }) => command).filter((command) => !/^(list|query|get)/.test(command));
