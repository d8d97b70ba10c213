/** Whether public addresses would be taken for those of this host's own networks. */
import { run } from "./host";
import { namesFor, settled } from "./names";

/** Why that range can't be had, in words; undefined: it can. @param dir the emulator's folder for machines */
export async function takenRange(dir: string, publicRange: string): Promise<string | undefined> {
  const text = await run(["ip", "-4", "-o", "address", "show", "to", publicRange]);
  const others = [...text.matchAll(/^\d+: (\S+) /gm)].flatMap((match) => match[1] ?? []).filter((link) => link !== namesFor(settled(dir)).hostLink);
  return others.length > 0 ? `${others.join(", ")} of this host has addresses of ${publicRange} already (another emulator?): choose another --public-range` : undefined;
}
