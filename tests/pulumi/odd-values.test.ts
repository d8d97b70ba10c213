/**
 * Whatever a program gives in place of what is meant, by a slip or since its configuration holds texts only, is refused in words that name the
 * property, or is taken for what it means, once and for all: what was taken is taken again, and is no difference from itself.
 */
import { isDeepStrictEqual } from "node:util";
import type { Kind } from "../../provider/adapters/pulumi-dynamic/kinds";
import { ConnectionError } from "../../provider/mold/connection";
import { changedProperties } from "../../schema/changes";
import type { Properties } from "../../schema/property";
import type { ResourceName } from "../../schema/resource";
import { resources } from "../../schema/resources";
import type { Cloud } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import { furnished, Previewed, standIn } from "./world/previewed";
import { eachUnknown as eachPart } from "./world/unknown-parts";
import { declarations, type Values } from "./world/whole-declarations";

jest.setTimeout(240_000);

let cloud: Cloud;
beforeAll(async () => {
  cloud = await furnished();
});

const odd: Readonly<Record<string, unknown>> = {
  "left out as null": null,
  "an empty text": "",
  "white space": "   ",
  "white space around": " prod ",
  "a line break": "prod\n",
  "a tab": "pr\tod",
  "upper case": "PROD",
  "what isn't ASCII": "프로덕션 🚀",
  "half a character": "prod\ud83d",
  "a very long text": "x".repeat(5000),
  "an inherited name": "constructor",
  "a text of a number": "3",
  "a text of a number with a zero": "03",
  "a text of a fraction": "1.5",
  "a text of true": "true",
  "a text of JSON": '["a"]',
  zero: 0,
  "less than zero": -1,
  "a fraction": 1.5,
  "a huge number": 1e21,
  "no number": NaN,
  "an endless number": Infinity,
  true: true,
  "an empty list": [],
  "a list of nothing": [null],
  "the same twice": ["10.0.0.0/8", "10.0.0.0/8"],
  "a list in a list": [["a"]],
  "a network with host bits": "10.0.0.1/8",
  "an address": "10.0.0.1",
  "an IPv6 network": "fd00::/8",
  "an empty object": {},
  "an object of nothing": { team: null },
  "an object of odd names": { "": "a", " ": "b", "a.b": "c", __proto__x: "d", "키": "값", ["x".repeat(300)]: "e" },
};

const propertiesOf = (kind: Kind): Properties => resources[kind === "ClusterIdentity" ? "KubernetesCluster" : kind].inputs;

test.each(declarations)("%s", async (_about, kind, declared) => {
  const name: ResourceName = kind === "ClusterIdentity" ? "KubernetesCluster" : kind;
  const given: Values = kind === "Cluster" ? { ...declared, identity: await sharedIdentity() } : declared;
  const wrong: string[] = [];
  for (const [about, value] of Object.entries(odd)) {
    for (const { path, value: news } of eachPart(propertiesOf(kind), given, value)) {
      const previewed = new Previewed(cloud, kind);
      const say = (what: string): void => void wrong.push(`${path}: ${about}: ${what}`);
      try {
        const { inputs, failures } = await previewed.check(news);
        const texts = [...failures.map(({ reason }) => reason), ...previewed.printed];
        for (const text of texts) if (standIn.test(text) || text.includes("hush")) say(`says ${text}`);
        for (const text of texts) if (!/^(warning: prod: )?[a-zA-Z]+(\["[^"]*"\]|[^ :])*: ./.test(text)) say(`names no property: ${text}`);
        if (failures.length > 0) continue;
        const again = await previewed.check(inputs);
        if (!isDeepStrictEqual(again, { inputs, failures: [] })) say(`is taken for something else the next time: ${JSON.stringify(again)}`);
        const changes = [...changedProperties(name, inputs, news), ...changedProperties(name, news, inputs)];
        if (changes.length > 0) say(`differs from itself in ${JSON.stringify(changes)}`);
      } catch (error) {
        // A connection that nobody has configured is told as a whole.
        if (error instanceof ConnectionError && path === "connection" && !standIn.test(error.message)) continue;
        say(`failed: ${(error as Error).stack!.split("\n").slice(0, 4).join("")}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});
