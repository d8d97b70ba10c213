import fc from "fast-check";
import type { Params } from "../../provider/core/ports";
import { CatalogueError, encodeParameters, isAsync, takes, withScope } from "../../provider/mold/parameters";

describe("parameters", () => {
  test("lists are joined by commas, map entries numbered, numbers and booleans written out, undefined left out", () => {
    expect(encodeParameters("createTags", { resourcetype: "UserVm", resourceids: ["1", "2"], tags: [{ key: "a", value: "b" }, { key: "c" }] })).toEqual([
      ["resourcetype", "UserVm"],
      ["resourceids", "1,2"],
      ["tags[0].key", "a"],
      ["tags[0].value", "b"],
      ["tags[1].key", "c"],
    ]);
    expect(encodeParameters("listVirtualMachines", { listall: true, page: 2, name: undefined, ids: ["x"] })).toEqual([["listall", "true"], ["page", "2"], ["ids", "x"]]);
  });

  test("tags come back as they were given", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ key: fc.string(), value: fc.string() })), (tags) => {
        const encoded = new Map(encodeParameters("createTags", { resourcetype: "UserVm", resourceids: ["1"], tags }));
        expect(tags.map((_, index) => ({ key: encoded.get(`tags[${index}].key`), value: encoded.get(`tags[${index}].value`) }))).toEqual(tags);
      }),
    );
  });

  test("a misspelt parameter is an error before it is sent, and a compile error", () => {
    // @ts-expect-error: the catalogue says `displayname`
    const misspelt: Params<"listVirtualMachines"> = { displayName: "x" };
    expect(() => encodeParameters("listVirtualMachines", misspelt)).toThrow(/has no parameter displayName, and a real server would ignore it.*displaytext|displayvm/);
    expect(() => encodeParameters("listVirtualMachines", misspelt)).toThrow(CatalogueError);
  });

  test("what Object gives every object is no parameter and no command", () => {
    expect(() => encodeParameters("listZones", { constructor: "x" })).toThrow(CatalogueError);
    expect(() => encodeParameters("toString", {})).toThrow(CatalogueError);
  });

  test("an unknown command is an error that names the nearest", () => expect(() => encodeParameters("listvirtualmachines", {})).toThrow(/did you mean listVirtualMachines/));

  test("a missing required parameter is an error before it is sent", () => expect(() => encodeParameters("deployVirtualMachine", { zoneid: "z" })).toThrow("deployVirtualMachine needs parameter serviceofferingid"));

  test("a comma within an item of a list, which Mold would split, is refused", () =>
    expect(() => encodeParameters("createFirewallRule", { ipaddressid: "i", protocol: "tcp", cidrlist: ["10.0.0.0/8,0.0.0.0/0"] })).toThrow(/comma/));

  test.each([[{ name: null }], [{ name: {} }], [{ page: Number.NaN }]])("%j, which is no text, number or boolean, is refused", (params) => expect(() => encodeParameters("listZones", params)).toThrow(CatalogueError));

  test("the catalogue says which commands are jobs", () => {
    expect(isAsync("deployVirtualMachine")).toBe(true);
    expect(isAsync("createNetwork")).toBe(false);
    expect(takes("listZones", "page")).toBe(true);
  });
});

describe("the owner of a connection", () => {
  test("the project goes with commands that take one, and with no other", () => {
    expect(withScope("listVirtualMachines", {}, { projectId: "p" })).toEqual({ projectid: "p" });
    expect(withScope("createTags", { resourcetype: "UserVm" }, { projectId: "p" })).toEqual({ resourcetype: "UserVm" });
  });

  test("an account goes with its domain", () => expect(withScope("deployVirtualMachine", { name: "x" }, { account: "a", domainId: "d" })).toEqual({ name: "x", account: "a", domainid: "d" }));

  test.each(["listZones", "listNetworkOfferings", "listServiceOfferings", "createServiceOffering"])("%s, where a domain means to whom a thing is offered, is left alone", (command) =>
    expect(withScope(command, {}, { account: "a", domainId: "d" })).toEqual({}),
  );

  test("an owner that the call names stays", () => expect(withScope("listVirtualMachines", { projectid: "-1" }, { projectId: "p" })).toEqual({ projectid: "-1" }));
});
