/** How long `pulumi up` takes to make a cluster, beside kubeadm by hand on machines of the same kind: in turn, since a machine's disk is not as quick every time. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { median } from "../bench/figures";
import { isosFolder } from "./agent/isos";
import { clusterByHand } from "./by-hand/cluster";
import { RealMold } from "./world/mold";
import { describeOnRealNodes, RealStack } from "./world/real-stack";
import { record } from "./world/results";

jest.setTimeout(1_500_000);
/** `make test-real-full` goes round three times. */
const rounds = Number(process.env.ROUNDS ?? 1);
const long = (process.env.BRIEF ?? "") === "" ? test : test.skip;

/** Seconds until all are Ready, on machines of their own that are gone by then. */
async function byHand(): Promise<number> {
  const isos = isosFolder(["1.34.2"]);
  const mold = new RealMold(2, ["--isos", isos, "--speed", "4"]);
  try {
    await mold.start();
    return await clusterByHand(mold, "1.34.2");
  } finally {
    await mold.end();
    rmSync(isos, { recursive: true });
  }
}

/** The same by the real engine. */
async function byUp(): Promise<number> {
  const real = await RealStack.create(1, { version: "1.34", controlPlanes: "3", workers: "2" });
  try {
    return (await real.up()).readySeconds;
  } finally {
    await real.close();
  }
}

/** What five machines have written goes to the disk before others are timed. */
async function settled(timed: () => Promise<number>): Promise<number> {
  execFileSync("sync");
  return timed();
}

const inSeconds = (times: readonly number[]): string => `${times.map((time) => time.toFixed(0)).join(", ")} s`;

describeOnRealNodes("beside kubeadm by hand", () => {
  long("three control planes and two workers are Ready from `pulumi up` in less than one and a half times what they take by hand", async () => {
    const [hands, ups]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      hands.push(await settled(byHand));
      ups.push(await settled(byUp));
    }
    const ratio = median(ups) / median(hands);
    record({
      what: `3 control planes and 2 workers at 1.34 until all are Ready: by hand, kubeadm on each machine, and by \`pulumi up\`, in turn`,
      seen: `by hand ${inSeconds(hands)}; by \`pulumi up\` ${inSeconds(ups)}; ${ratio.toFixed(2)} times as long, by the medians`,
      goal: "at most 1.2 times",
    });
    expect(ratio).toBeLessThan(1.5);
  });
});
