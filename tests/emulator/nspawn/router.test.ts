import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { namesFor } from "../../../provider/emulator/nspawn/names";
import { hostAddress, hostRoute, publicNetworkUp, routerUp } from "../../../provider/emulator/nspawn/router-links";
import { routerRules } from "../../../provider/emulator/nspawn/router-rules";
import { balanced, forwarded, network } from "./spec";

const beyond = "203.0.113.1";
const rules = (...exposures: Parameters<typeof routerRules>[1][number][]): string => routerRules(network, exposures, beyond);
/** The lines of one chain. */
const chain = (text: string, name: string): string[] => (new RegExp(`chain ${name} \\{\n([^}]*(?:\\{[^}]*\\}[^}]*)*)\n  \\}`).exec(text)?.[1] ?? "").split("\n").map((line) => line.trim()).slice(1);

test("without a rule every public address is closed, and what is established goes on", () => {
  expect(chain(rules(), "firewall")).toEqual(["ct state established,related accept", "ip daddr 203.0.113.2 drop", "ip daddr 203.0.113.3 drop"]);
});

test("a port is open for the ranges that its firewall rules name, and before any translation", () => {
  const text = rules(forwarded({ allowedCidrs: ["10.1.1.7/24", "192.0.2.9/32"] }));
  expect(chain(text, "firewall").slice(1, 3)).toEqual(["ip saddr 10.1.1.0/24 ip daddr 203.0.113.3 tcp dport 2222 accept", "ip saddr 192.0.2.9/32 ip daddr 203.0.113.3 tcp dport 2222 accept"]);
  expect(text).toContain("type filter hook prerouting priority mangle");
  expect(chain(text, "lead")).toEqual(["ip daddr 203.0.113.3 tcp dport 2222 dnat to 10.1.1.10:22"]);
});

test("everybody is everybody, however it is written; what is no IPv4 range is nobody", () => {
  expect(chain(rules(forwarded({ allowedCidrs: ["10.0.0.0/8", "0.0.0.0/0"] })), "firewall")[1]).toBe("ip daddr 203.0.113.3 tcp dport 2222 accept");
  expect(chain(rules(forwarded({ allowedCidrs: ["::/0", "nonsense"] })), "firewall")).toHaveLength(3);
});

test("a balanced port is no forward: haproxy has it", () => {
  expect(chain(rules(balanced()), "lead")).toEqual([]);
  expect(chain(rules(balanced()), "firewall")[1]).toBe("ip daddr 203.0.113.3 tcp dport 6443 accept");
});

test("rules of other networks, and of addresses that are gone, are another router's or nobody's", () => {
  expect(rules(forwarded({ networkId: "net-2" }), forwarded({ address: "203.0.113.9" }))).toBe(rules());
});

test("a guest reaches its neighbour by a public address: the answer comes back the same way; to others it goes as the network's own address", () => {
  expect(chain(rules(), "leave")).toEqual(["ip saddr 10.1.1.0/24 oifname guests ct status dnat masquerade", "ip saddr 10.1.1.0/24 oifname public snat to 203.0.113.2"]);
});

test("nft takes every ruleset that rules can make", () => {
  const cidr = fc.oneof(fc.constant("0.0.0.0/0"), fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`), fc.ipV6());
  const exposure = fc.record({ port: fc.integer({ min: 1, max: 65_535 }), protocol: fc.constantFrom("tcp" as const, "udp" as const), allowedCidrs: fc.array(cidr, { maxLength: 4 }), kind: fc.constantFrom("loadBalancer" as const, "portForward" as const) });
  if (spawnSync("nft", ["-v"]).error !== undefined || process.getuid?.() !== 0) {
    // Without nft, that it is text of balanced braces is all that can be said.
    fc.assert(fc.property(fc.array(exposure), (made) => expect((rules(...made.map(forwarded)).match(/\{/g) ?? []).length).toBe((rules(...made.map(forwarded)).match(/\}/g) ?? []).length)));
    return;
  }
  fc.assert(
    fc.property(fc.array(exposure, { maxLength: 6 }), (made) => {
      // Checked in a namespace of its own that ends with the command.
      const checked = spawnSync("unshare", ["--net", "nft", "--check", "-f", "-"], { input: rules(...made.map(forwarded)), encoding: "utf8" });
      expect(checked.stderr).toBe("");
    }),
    { numRuns: 20 },
  );
});

test("before an address exists the whole range ends at the host, so that nothing meant for it leaves the machine", () => {
  const names = namesFor("/var/lib/mold");
  expect(hostAddress("203.0.113.0/24")).toBe(beyond);
  expect(publicNetworkUp(names, "203.0.113.0/24")[0]).toEqual(["ip", "route", "replace", "unreachable", "203.0.113.0/24"]);
  expect(hostRoute(names, "203.0.113.0/24", "203.0.113.3")).toEqual(["ip", "route", "replace", "203.0.113.3/32", "dev", names.hostLink, "src", beyond]);
});

test("a router has no way beyond the public range, and that way is the last that is made: with it all is there", () => {
  const commands = routerUp(namesFor("/var/lib/mold"), network, "203.0.113.0/24").map((argv) => argv.join(" "));
  expect(commands.some((command) => command.includes("default"))).toBe(false);
  expect(commands.at(-1)).toMatch(/route add 203\.0\.113\.0\/24 dev public$/);
});
