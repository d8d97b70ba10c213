/** Join tokens end by themselves, and not before the machines that are waited for. */
import { JoinTokens } from "../../provider/core/actions/join-tokens";
import type { Operation } from "../../provider/core/actions/operation";

const hour = 3_600_000;

function tokens(): { tokens: JoinTokens; pass: (ms: number) => void; published: [string, number][] } {
  let now = Date.parse("2026-01-01T00:00:00Z");
  const published: [string, number][] = [];
  const operation = {
    world: { clock: { now: () => now } },
    observed: { machines: [] },
    kubernetes: { putBootstrapToken: async (token: string, expires: Date) => void published.push([token, expires.getTime() - now]) },
  } as unknown as Operation;
  return { tokens: new JoinTokens(operation, (count) => new Uint8Array(count).fill(7)), pass: (ms) => (now += ms), published };
}

test("one that outlasts the wait is left as it is", async () => {
  const { tokens: own, published } = tokens();
  await own.outlast(hour);
  expect(published).toEqual([]);
});

test("one that would be over while its machine is still waited for counts anew, for as long as that", async () => {
  const { tokens: own, pass, published } = tokens();
  pass(1.5 * hour);
  await own.outlast(hour);
  expect(published).toEqual([[own.own, 2 * hour]]);
  await own.outlast(1.9 * hour);
  await own.outlast(5 * hour);
  expect(published).toEqual([[own.own, 2 * hour], [own.own, 5 * hour]]);
});
