import * as fc from "fast-check";
import { diff, differences, inWords, judge, type Allowed } from "./difference";

const words = fc.array(fc.constantFrom("Ready: True", "Ready: False", "cordoned: yes", "is gone"), { maxLength: 12 });

test("a diff holds both sides, each in its order", () => {
  fc.assert(
    fc.property(words, words, (before, after) => {
      const lines = diff(before, after);
      expect(lines.filter((line) => !line.startsWith("+")).map((line) => line.slice(1))).toEqual(before);
      expect(lines.filter((line) => !line.startsWith("-")).map((line) => line.slice(1))).toEqual(after);
    }),
  );
});

test("what is alike differs in nothing", () => {
  fc.assert(fc.property(words, (lines) => expect(differences({ create: { node: lines } }, { create: { node: [...lines] } })).toEqual([])));
});

const real = { create: { "node a": ["is there", "Ready: False", "Ready: True"], etcd: ["1", "3"] }, stop: { "node a": ["Ready: Unknown"] } };
const simulated = { create: { "node a": ["is there", "Ready: True"], etcd: ["1", "3"] } };

test("a line that one has alone, a stage that one lacks: each is said with its stage and subject", () => {
  expect(inWords(differences(real, simulated))).toBe("create: node a\n   is there\n  -Ready: False\n   Ready: True\n\nstop: node a\n  -Ready: Unknown");
});

const allowed = (more: Partial<Allowed> = {}): Allowed => ({ subject: /^node /, lines: /Ready: (False|Unknown)/, why: "a reason", ...more });

test("allowed lines are not refused, and counted; what is left is shown with all that stands around it", () => {
  expect(judge(differences(real, simulated), [allowed()])).toEqual({ refused: [], allowed: 2, idle: [] });
  const { refused, allowed: count } = judge(differences(real, simulated), [allowed({ stages: ["create"] })]);
  expect([refused.map(({ stage }) => stage), count]).toEqual([["stop"], 1]);
});

test("an allowance that nothing needs is named", () => {
  const idle = allowed({ lines: /cordoned/ });
  expect(judge(differences(real, simulated), [allowed(), idle]).idle).toEqual([idle]);
});
