import fc from "fast-check";
import { linkOf, macOf, namesFor } from "../../../provider/emulator/nspawn/names";

test("two emulators never meet: not one name of the first is one of the second's, nor begins as its sweep looks for", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uuid(), (one, other, id) => {
      fc.pre(one !== other);
      const [a, b] = [namesFor(one), namesFor(other)];
      const all = [a.publicNamespace, a.hostLink, a.routerNamespace(id), a.machineNamespace(id), a.cgroup(id)];
      for (const name of all) expect(name.startsWith(b.prefix)).toBe(false);
    }),
  );
});

test("the same folder gives the same names after a restart", () => {
  expect(namesFor("/var/lib/mold").machineNamespace("m1")).toBe(namesFor("/var/lib/mold").machineNamespace("m1"));
});

test("names of links fit the kernel's 15 characters, whatever the id", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (dir, id) => {
      for (const link of [namesFor(dir).hostLink, linkOf("vm", id), linkOf("net", id)]) expect(link.length).toBeLessThanOrEqual(15);
    }),
  );
});

test("a MAC address is that of one guest address alone, and nobody's hardware's", () => {
  expect(macOf("10.1.1.10")).toBe("02:00:0a:01:01:0a");
  fc.assert(fc.property(fc.ipV4(), fc.ipV4(), (one, other) => (macOf(one) === macOf(other)) === (one === other)));
});
