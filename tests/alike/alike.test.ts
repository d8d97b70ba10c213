/**
 * The simulated hypervisor against what the real one did: recordings/real.json, made by tests/real/full/alike.test.ts on machines that boot. When
 * something is to be seen there that was not before, that test leaves the new recording in .state/real/alike.json: copy it here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { recordingOf, type Recording } from "./recording";
import { play, stages } from "./script";
import { simulatedSite } from "./simulated-site";
import { verdictOf } from "./verdict";

const real = JSON.parse(readFileSync(join(__dirname, "recordings/real.json"), "utf8")) as Recording;

let simulated: Recording;
beforeAll(async () => {
  const site = await simulatedSite();
  try {
    simulated = recordingOf(await play(site));
  } finally {
    await site.close();
  }
});

test("every stage of the script is in both", () => {
  expect(Object.keys(real)).toEqual(stages);
  expect(Object.keys(simulated)).toEqual(stages);
});

test("the same script on both gives the same sequence of node states, annotations, versions and events", () => {
  expect(verdictOf(real, simulated, { fresh: false }).complaint).toBe("");
});
