/** Row 14: another version. */
import type { Management } from "../../../schema/property";
import { byHand, changing } from "../../core/world/made";
import type { Claim } from "../claims";
import { off, unheard, type Switch } from "../switches";
import { declared, endOf, list, opened } from "../worlds";

const problemless = (on: Management, says: string): Switch =>
  on === "core"
    ? off<(...given: never[]) => object>(says, "provider/core/release", "releaseOf", (real) => (...given) => ({ ...real(...given), problems: [] }))
    : off<(...given: never[]) => object>(says, "provider/core/managed/hops", "hopsOf", (real) => (...given) => ({ ...real(...given), problems: [] }));

/** One hop, whatever lies between. */
const skipping = (on: Management): Switch => {
  const last = (real: (...given: never[]) => { hops: readonly { from: string }[] }) => (...given: never[]) => {
    const release = real(...given);
    return { ...release, hops: release.hops.slice(-1).map((hop) => ({ ...hop, from: release.hops[0]!.from })) };
  };
  return on === "core" ? off("minors between are skipped", "provider/core/release", "releaseOf", last) : off("minors between are skipped", "provider/core/managed/hops", "hopsOf", last);
};

export const upgrade: Claim = {
  says: "a later `version`: every node ends at it",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, { version: "1.36" }));
    expect(life.outputs.kubernetesVersion).toBe("1.36.3");
    const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
    expect(nodes.map(({ version, ready }) => `${version} ${String(ready)}`)).toEqual(["1.36.3 true", "1.36.3 true", "1.36.3 true"]);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "version", "1.34")],
};

export const minorsInSequence: Claim = {
  says: "several minors away: one hop for each, to the newest registered patch, as the preview says",
  async shows(on) {
    const plan = (await opened(on).plan(declared(on, { version: "1.36" }))).join("\n");
    expect([...new Set([...plan.matchAll(/\b1\.3\d\.\d+\b/g)].map(([version]) => version))].sort()).toEqual(["1.34.2", "1.35.4", "1.36.3"]);
  },
  without: (on) => [skipping(on)],
};

export const missingMinor: Claim = {
  says: "a minor between that nobody has registered is named before anything changes",
  async shows(on) {
    const life = opened(on);
    for (const { id, semanticversion } of await list(life, "listKubernetesSupportedVersions")) {
      if (semanticversion?.startsWith("1.35.")) await byHand(life.cloud).call("updateKubernetesSupportedVersion", { id: id!, state: "Disabled" });
    }
    await expect(life.plan(declared(on, { version: "1.36" }))).rejects.toThrow(/version: is 1\.36, and prod runs 1\.34\.2\. The way there leads through every minor, and .*1\.35/);
    expect(await endOf(life.up(declared(on, { version: "1.36" })))).toMatch(/1\.35/);
    expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual([]);
  },
  without: (on) => [problemless(on, "a gap on the way is not looked for")],
};

export const older: Claim = {
  says: "an older `version` is refused: Kubernetes can't go back",
  async shows(on) {
    await expect(opened(on).plan(declared(on, { version: "1.33" }))).rejects.toThrow(/version: is 1\.33, and prod runs 1\.34\.2/);
  },
  without: (on) => [problemless(on, "which way it goes is not looked at")],
};
