/** Data sources as a program has them: over HTTP, with the connection of the stack's configuration. */
import * as pulumi from "@pulumi/pulumi";
import { createEmulator, type Emulator } from "../../provider/emulator";
import { dataSources } from "../../schema/data-sources";
import * as sdk from "../../sdk/pulumi";
import { runProgram, valueOf } from "./world/program";

let emulator: Emulator;

beforeAll(async () => {
  emulator = createEmulator({ speed: 40, publicRange: "127.84.11.0/24" });
  const { apiKey, secretKey } = emulator.users[0]!;
  const secret = "ablestack:secretKey";
  pulumi.runtime.setAllConfig({ "ablestack:apiUrl": await emulator.listen(), "ablestack:apiKey": apiKey, [secret]: secretKey }, [secret]);
});
afterAll(() => emulator.close());
beforeEach(() => emulator.clearCalls());

test("each that is declared is a function with an Output form", () => {
  for (const name of Object.keys(dataSources)) {
    expect(sdk).toHaveProperty(name, expect.any(Function));
    expect(sdk).toHaveProperty(`${name}Output`, expect.any(Function));
  }
});

test("one asks Mold with the stack's connection, secrets unwrapped without a warning", async () => {
  const warn = jest.spyOn(pulumi.log, "warn");
  const { versions } = await sdk.getKubernetesVersions({ usable: true });
  expect(versions.map(({ version }) => version)).toContain("1.35.4");
  expect(warn).not.toHaveBeenCalled();
});

test("what is wrong is an error in words, which a program may catch and which ends it without a stack", async () => {
  const error = await sdk.getKubernetesCluster({ cluster: "prod" }).catch((reason: unknown) => reason);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toMatch(/there is no cluster prod among what these keys show, and no other either/);
  await expect(sdk.getEvents({ cluster: "prod", limit: 0 })).rejects.toThrow("getEvents: limit: is 0; must be between 1 and 10000");
});

test("an Output form asks once its arguments are known, and not at a preview that doesn't know them", async () => {
  const args = { zone: "zone-1", version: "1.35", template: "t", controlPlane: { offering: "o" }, workers: { offering: "o" } };
  const { result } = await runProgram(() => sdk.getKubernetesClusterOutput({ cluster: new sdk.KubernetesCluster("prod", args) }), { preview: true, unknown: ["Cluster"] });
  expect(await valueOf(result)).toMatchObject({ known: false });
  expect(emulator.calls()).toEqual([]);
  const known = await valueOf(sdk.getKubernetesVersionsOutput({ zone: pulumi.output("zone-1") }));
  expect(known).toMatchObject({ known: true, secret: false });
  expect(known.value!.versions.length).toBeGreaterThan(0);
});

test("a secret argument makes a secret answer", async () => {
  expect((await valueOf(sdk.getKubernetesVersionsOutput({ zone: pulumi.secret("zone-1") }))).secret).toBe(true);
});
