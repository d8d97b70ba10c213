import { spawnSync } from "node:child_process";
import { openTofu, terraform } from "./engine";

/** Tests that need the engine are counted as skipped where there is none. */
export const describeWithTerraform = terraform === undefined ? describe.skip : describe;

export type EngineName = "Terraform" | "OpenTofu";

/** What a binary calls itself: `tofu` may be all that there is. */
const nameOf = (binary: string): string => /^(\w+) v\d/m.exec(spawnSync(binary, ["version"], { encoding: "utf8" }).stdout)?.[1] ?? "";

const binaries = [...new Set([terraform, openTofu])].filter((each) => each !== undefined);

/** The same promises of both engines; those of one that is not here are counted as skipped. */
export function describeWithEach(what: string, tests: (name: EngineName, binary: string) => void): void {
  for (const name of ["Terraform", "OpenTofu"] as const) {
    const binary = binaries.find((each) => nameOf(each) === name);
    (binary === undefined ? describe.skip : describe)(`${what}, with ${name}`, () => tests(name, binary ?? ""));
  }
}
