/**
 * The simulated hypervisor is held against the real one: the script of tests/alike on machines that boot, and in virtual time. What is seen goes line by
 * line to .state/real/alike-raw.jsonl, and what is compared to alike.json beside it. Linux and root; `make test-real-full`.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listeningSite } from "../../alike/listening-site";
import { recordingOf } from "../../alike/recording";
import { play } from "../../alike/script";
import { simulatedSite } from "../../alike/simulated-site";
import type { Site } from "../../alike/site";
import { verdictOf } from "../../alike/verdict";
import { root } from "../../engine/world/paths";
import { describeOnRealNodes, realMachines } from "../world/real-stack";
import { record } from "../world/results";

jest.setTimeout(3_600_000);

const folder = join(root, ".state/real");
const raw = join(folder, "alike-raw.jsonl");

describeOnRealNodes("the same script on real nodes", () => {
  let site: Site | undefined;
  let machines: string | undefined;
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(raw, "");
    const made = realMachines(8);
    machines = made.machines;
    site = await listeningSite(made.emulator, (line) => process.stderr.write(`    ${line}\n`));
  });
  afterAll(async () => {
    await site?.close();
    if (machines !== undefined) rmSync(machines, { recursive: true, force: true });
  });

  test("gives the same sequence of node states, annotations, versions and events as on simulated ones", async () => {
    const lines = await play(site!, (line) => {
      appendFileSync(raw, `${JSON.stringify(line)}\n`);
      if (line.source === "stage") process.stderr.write(`    ${(line.at / 1000).toFixed(0)} s: ${line.name}\n`);
    });
    const real = recordingOf(lines);
    writeFileSync(join(folder, "alike.json"), `${JSON.stringify(real, null, 1)}\n`);
    const played = await simulatedSite();
    const { complaint, figure } = verdictOf(real, recordingOf(await play(played)), { fresh: true });
    await played.close();
    record({ what: "the same script on simulated and on real machines", seen: figure, goal: "no difference but those that are allowed" });
    expect(complaint).toBe("");
  });
});
