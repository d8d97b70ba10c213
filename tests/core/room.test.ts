import fc from "fast-check";
import { missingRoom } from "../../provider/core/room";
import type { KubernetesNode, KubernetesPod } from "../../provider/core/ports";
import { nodeOf } from "./world/observed";

const node = (name: string, cpu: number, memoryMi = 4096): KubernetesNode => ({ ...nodeOf(name), allocatable: { cpu, memory: memoryMi * 2 ** 20 } });
const pod = (on: string, cpu: number, more: Partial<KubernetesPod> = {}): KubernetesPod => ({ namespace: "default", name: "web", controller: "ReplicaSet", ended: false, ending: false, ready: true, node: on, requests: { cpu, memory: 0 }, ...more });

test("what the others have left is enough, or it is said what is missing", () => {
  const nodes = [node("a", 2), node("b", 2), node("c", 2)];
  expect(missingRoom(nodes, [pod("a", 1.5), pod("b", 1), pod("c", 1)])).toBeUndefined();
  expect(missingRoom(nodes, [pod("a", 1.5), pod("b", 1.5), pod("c", 1.5)])).toBe("the pods of a request 1.5 CPU cores and the other workers have 1 CPU cores left");
  expect(missingRoom(nodes, [pod("b", 0, { requests: { cpu: 0, memory: 9000 * 2 ** 20 } })])).toBe("the pods of b request 9000 MiB of memory and the other workers have 8192 MiB of memory left");
});

test("what stays where it is needs no other room: daemon sets' and static pods, and those that have ended", () => {
  const nodes = [node("a", 2), node("b", 2)];
  expect(missingRoom(nodes, [pod("a", 2, { controller: "DaemonSet" }), pod("b", 2, { controller: "Node" }), pod("b", 2, { ended: true })])).toBeUndefined();
});

test("a node that takes nothing new gives no room", () => {
  expect(missingRoom([node("a", 2), { ...node("b", 2), unschedulable: true }, { ...node("c", 2), ready: false }], [pod("a", 1)])).toMatch(/^the pods of a request 1 CPU cores and the other workers have 0 CPU cores left$/);
});

test("for any pods: there is room exactly if the largest share fits into what is free elsewhere", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), { minLength: 2, maxLength: 5 }), (loads) => {
      const nodes = loads.map((_, index) => node(`n${index}`, 8));
      const pods = loads.flatMap((each, index) => each.map((cpu) => pod(`n${index}`, cpu)));
      const total = loads.map((each) => each.reduce((sum, cpu) => sum + cpu, 0));
      const fits = total.every((here, index) => here <= total.reduce((free, there, other) => free + (other === index ? 0 : 8 - there), 0));
      expect(missingRoom(nodes, pods) === undefined).toBe(fits);
    }),
  );
});
