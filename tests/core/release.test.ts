import fc from "fast-check";
import * as semver from "semver";
import type { KubernetesVersion } from "../../provider/core/catalogue";
import type { ObservedCluster } from "../../provider/core/observe";
import { needsVersions, releaseOf, runningVersion, type Release } from "../../provider/core/release";
import { desired, machine, nodeOf, owner, registered, whole } from "./world/observed";

const all = registered("1.33.5", "1.34.1", "1.34.2", "1.35.2", "1.35.4", "1.36.3");

/** A cluster whose nodes run these: control planes first, then workers. */
const running = (controlPlanes: readonly string[], workers: readonly string[]): ObservedCluster => {
  const observed = whole(controlPlanes.length, workers.length);
  return { ...observed, nodes: observed.machines.map(({ name, role, index }) => ({ ...nodeOf(name), version: (role === "worker" ? workers : controlPlanes)[index - 1]! })) };
};
const release = (observed: ObservedCluster, version: string, { was, ...more }: { versions?: readonly KubernetesVersion[]; was?: string } = {}): Release =>
  releaseOf({ desired: desired({ version }), observed, owner, versions: all, ...(was === undefined ? {} : { former: desired({ version: was }) }), ...more });
const hops = ({ hops: found }: Release): string[] => found.map(({ from, to }) => `${from} → ${to.version}`);

describe("the way to another version", () => {
  test("is one hop per minor, to the newest registered patch of each, and to the declared one at last", () => {
    const observed = running(["1.34.2", "1.34.2", "1.34.2"], ["1.34.2"]);
    expect(hops(release(observed, "1.36"))).toEqual(["1.34.2 → 1.35.4", "1.35.4 → 1.36.3"]);
    expect(hops(release(observed, "1.35.2"))).toEqual(["1.34.2 → 1.35.2"]);
  });

  test("within a minor is one hop; a minor alone is satisfied by what runs", () => {
    const observed = running(["1.35.2"], ["1.35.2"]);
    expect(hops(release(observed, "1.35.4"))).toEqual(["1.35.2 → 1.35.4"]);
    expect(hops(release(observed, "1.35"))).toEqual([]);
  });

  test("leads by those who were left behind", () => {
    expect(hops(release(running(["1.35.4"], ["1.35.4", "1.34.2"]), "1.35"))).toEqual(["1.34.2 → 1.35.4"]);
    expect(hops(release(running(["1.35.4", "1.34.2", "1.34.2"], ["1.34.2"]), "1.36"))).toEqual(["1.34.2 → 1.35.4", "1.35.4 → 1.36.3"]);
    // A patch behind: the next hop takes them along.
    expect(hops(release(running(["1.35.4", "1.35.2"], ["1.35.2"]), "1.36"))).toEqual(["1.35.2 → 1.36.3"]);
  });

  test("is refused where a minor is missing or disabled, naming it and what is registered", () => {
    const observed = running(["1.34.2"], []);
    expect(release(observed, "1.36", { versions: registered("1.34.2", "1.36.3") }).problems).toEqual([{ property: "version", reason: expect.stringMatching(/no Kubernetes version 1\.35 is registered in the zone\. Registered: 1\.34\.2, 1\.36\.3\./) as unknown }]);
    expect(release(observed, "1.36", { versions: registered("1.35.4 Disabled", "1.36.3") }).problems[0]?.reason).toMatch(/1\.35\.4 is registered but it is Disabled/);
    expect(release(observed, "1.37").problems[0]?.reason).toMatch(/no Kubernetes version 1\.37 is registered/);
  });

  test("does not lead back", () => {
    const observed = running(["1.35.4"], ["1.35.4"]);
    for (const older of ["1.34", "1.35.2", "1.34.9"]) expect(release(observed, older).problems[0]?.reason).toMatch(/Kubernetes can't go back/);
    expect(release(whole(), "1.34", { was: "1.35.4" }).problems[0]?.reason).toMatch(/Kubernetes can't go back/);
  });

  test("can't take a node along that is two minors behind", () => {
    expect(release(running(["1.36.3"], ["1.34.2"]), "1.36").problems[0]?.reason).toMatch(/prod-worker-1 runs 1\.34\.2, two minors or more behind.*made anew/);
  });

  test("is refused for machines that a version on it needs larger", () => {
    const large = all.map((version) => (version.version === "1.36.3" ? { ...version, minMemoryMb: 8192 } : version));
    expect(release(running(["1.35.4"], ["1.35.4"]), "1.36", { versions: large }).problems.map(({ property }) => property)).toEqual(["controlPlane.offering", "workers.offering"]);
    expect(release(running(["1.34.2"], ["1.34.2"]), "1.35", { versions: large }).problems).toEqual([]);
  });
});

test("nodes that are no machines of ours, or have not joined, say nothing", () => {
  const observed = running(["1.35.4"], ["1.35.4"]);
  const stranger = { ...nodeOf("stranger"), version: "1.31.0" };
  const joining = machine("worker", 9, { tags: {} });
  expect(hops(release({ ...observed, machines: [...observed.machines, joining], nodes: [...observed.nodes!, stranger, { ...nodeOf("prod-worker-9"), version: "1.34.2" }] }, "1.35"))).toEqual([]);
});

test("what is registered is asked for only where a node is not as declared, or holds a disc", () => {
  const asked = (observed: ObservedCluster, version: string): boolean => needsVersions({ desired: desired({ version }), observed });
  const same = running(["1.35.4"], ["1.35.4"]);
  expect(asked(same, "1.35")).toBe(false);
  expect(asked(same, "1.35.4")).toBe(false);
  expect(asked(same, "1.36")).toBe(true);
  expect(asked(running(["1.35.4"], ["1.35.2"]), "1.35")).toBe(true);
  expect(asked({ ...same, machines: same.machines.map((each) => ({ ...each, isoId: "iso" })) }, "1.35")).toBe(true);
  expect(asked(whole(), "1.36")).toBe(false);
});

describe("for any registered versions and any nodes", () => {
  const version = fc.tuple(fc.integer({ min: 31, max: 38 }), fc.integer({ min: 0, max: 3 })).map(([minor, patch]) => `1.${minor}.${patch}`);
  const wanted = fc.oneof(version, fc.integer({ min: 31, max: 38 }).map((minor) => `1.${minor}`));
  const registry = fc.uniqueArray(version, { maxLength: 20 }).chain((names) => fc.tuple(...names.map((name) => fc.boolean().map((disabled) => (disabled ? `${name} Disabled` : name)))).map((each) => registered(...each)));
  const cluster = fc.tuple(fc.array(version, { minLength: 1, maxLength: 3 }), fc.array(version, { maxLength: 3 }));

  test("a way is found or a problem names a property; no hop skips a minor, goes back or takes a disabled one; no node is ever two minors from the control planes", () => {
    fc.assert(
      fc.property(cluster, wanted, registry, ([controlPlanes, workers], declared, versions) => {
        const observed = running(controlPlanes, workers);
        const { hops: found, problems, current } = release(observed, declared, { versions });
        if (problems.length > 0) {
          for (const { property, reason } of problems) expect(property && reason).toBeTruthy();
          return;
        }
        expect(current).toBe(runningVersion("prod", observed.nodes));
        const nodes = [...controlPlanes, ...workers];
        for (const { to } of found) {
          expect(to.usable).toBe(true);
          for (const [at, node] of nodes.entries()) {
            if (semver.gte(node, to.version)) continue;
            expect(semver.minor(to.version) - semver.minor(node)).toBeLessThanOrEqual(1);
            nodes[at] = to.version;
          }
        }
        if (found.length > 0) expect(found.at(-1)!.to.version.startsWith(declared)).toBe(true);
        // Whoever is not there yet in the end was never told to go back.
        for (const node of nodes) expect(semver.gte(node, found.at(-1)?.to.version ?? node)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});
