import { kernelSettings } from "../../../provider/emulator/nspawn/kernel-settings";
import { imageMebibytes, isoFolders } from "../../../provider/emulator/nspawn/discs";
import { missing, toolPackages, type Surroundings } from "../../../provider/emulator/nspawn/requirements";

const good: Surroundings = { platform: "linux", root: true, has: () => true, exists: () => true };

test("a host that has everything lacks nothing", () => {
  expect(missing(good, "/srv/rootfs")).toEqual([]);
});

test("everything that is missing is said at once, each tool with the package that has it", () => {
  const lines = missing({ platform: "linux", root: false, has: (tool) => tool !== "haproxy" && tool !== "nft", exists: () => false }, "/srv/rootfs");
  expect(lines).toEqual([
    "machines of systemd-nspawn need root",
    "haproxy, nft not found: apt-get install haproxy nftables",
    "/srv/rootfs is no root file system with systemd: it has no usr/lib/systemd/systemd",
  ]);
  expect(missing(good, undefined)).toEqual(["no root file system for machines: give --rootfs or ABLESTACK_MACHINES_ROOTFS"]);
});

test("on another system one line says what to use instead", () => {
  expect(missing({ ...good, platform: "darwin", root: false }, undefined)).toEqual(["machines of systemd-nspawn need Linux, this is darwin; use --hypervisor simulated"]);
});

test("every tool has its package", () => {
  for (const name of Object.values(toolPackages)) expect(name).toMatch(/^[a-z0-9-]+$/);
});

test("the host's limits are raised where they are too small, and left where they are enough; kube-proxy gets its exact figure", () => {
  const wanted = (processors: number, file: string, found: number): number | undefined => kernelSettings(processors).find(({ path }) => path.endsWith(file))?.wanted(found);
  expect(wanted(2, "max_user_instances", 128)).toBe(8192);
  expect(wanted(2, "max_user_instances", 9000)).toBe(9000);
  expect(wanted(2, "nf_conntrack_max", 262_144)).toBe(131_072);
  expect(wanted(8, "nf_conntrack_max", 131_072)).toBe(262_144);
  expect(wanted(8, "hashsize", 16_384)).toBe(65_536);
});

test("an image has room for its files, however small they are", () => {
  expect(imageMebibytes([])).toBeGreaterThanOrEqual(16);
  expect(imageMebibytes(Array.from({ length: 1000 }, () => ({ bytes: 1 })))).toBeGreaterThanOrEqual(4 + 16);
  expect(imageMebibytes([{ bytes: 600 * 1024 * 1024 }])).toBeGreaterThan(615);
});

test("an ISO's content is in a folder by its version, or where a pattern says; what is not there is not invented", () => {
  expect(isoFolders(undefined)("1.35.4")).toBeUndefined();
  expect(isoFolders("/")("usr")).toBe("/usr");
  expect(isoFolders("/u{version}r")("s")).toBe("/usr");
  expect(isoFolders("/usr/{version}-is-not-there")("1.35.4")).toBeUndefined();
});
