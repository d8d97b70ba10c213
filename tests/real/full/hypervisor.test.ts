/** Machines that are real: boot, network, firewall, balancer, drive, power; a killed emulator; nothing left behind. Linux and root. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { leavings } from "../world/leavings";
import { knock, lacking, RealMold, until } from "../world/mold";

if (lacking.length > 0) console.warn(`real machines are skipped: ${lacking.join("; ")}`);

(lacking.length > 0 ? describe.skip : describe)("machines of systemd-nspawn", () => {
  const isos = mkdtempSync(join(tmpdir(), "real-isos-"));
  const mold = new RealMold(0, ["--isos", isos]);
  let network = "";
  const machines: string[] = [];
  const [one, two] = ["m-1", "m-2"];
  const id = (name: string): string => machines[name === one ? 0 : 1]!;
  const isUp = (name: string): boolean => mold.inside(id(name), "systemctl", "is-system-running", "--wait") === "running";
  let address = { id: "", ipaddress: "" };

  beforeAll(async () => {
    mkdirSync(join(isos, "1.35.4/k8s"), { recursive: true });
    writeFileSync(join(isos, "1.35.4/k8s/kubeadm"), "what is on it\n");
    await mold.start();
  });
  afterAll(async () => {
    await mold.end();
    rmSync(isos, { recursive: true });
  });

  test("a machine that is deployed over HTTP boots to systemd and does what its user data say", async () => {
    network = await mold.network("net");
    const say = (name: string): string => `#cloud-config\nwrite_files: [{path: /etc/told, content: ${name}}]\n`;
    machines.push(...(await Promise.all([one, two].map((name) => mold.deploy(network, name, say(name))))));
    for (const name of [one, two]) {
      await until(`${name} is up`, () => isUp(name));
      expect(mold.inside(id(name), "cloud-init", "status")).toBe("status: done");
      expect(mold.inside(id(name), "cat", "/etc/told")).toBe(name);
      expect(mold.inside(id(name), "hostname")).toBe(name);
    }
  });

  test("machines reach each other and their gateway, and nothing beyond", () => {
    for (const there of ["10.1.1.11", "10.1.1.1"]) expect(mold.inside(id(one), "ping", "-c1", "-W2", there)).toContain(" 0% packet loss");
    for (const there of ["198.18.0.1", "198.51.100.1"]) expect(mold.inside(id(one), "ping", "-c1", "-W1", there)).toBeUndefined();
  });

  test("a public port is open for those that its firewall rule names, and closed without one", async () => {
    address = (await mold.call("associateIpAddress", { networkid: network })).ipaddress as typeof address;
    const { ipaddress } = address;
    const from = ["nsenter", "-t", mold.init(id(two))!, "-a", "-r", "-w"];
    await mold.call("createPortForwardingRule", { ipaddressid: address.id, protocol: "tcp", publicport: "2222", privateport: "22", virtualmachineid: id(one), openfirewall: "false" });
    const open = async (cidr: string): Promise<string> => (await mold.call("createFirewallRule", { ipaddressid: address.id, protocol: "tcp", startport: "2222", endport: "2222", cidrlist: cidr })).id as string;
    expect([knock(ipaddress, 2222), knock(ipaddress, 2222, from)]).toEqual(["silence", "silence"]);
    const guests = await open("10.1.1.0/24");
    expect([knock(ipaddress, 2222), knock(ipaddress, 2222, from)]).toEqual(["silence", "SSH-2.0"]);
    const everybody = await open("0.0.0.0/0");
    expect([knock(ipaddress, 2222), knock(ipaddress, 2223)]).toEqual(["SSH-2.0", "silence"]);
    for (const rule of [guests, everybody]) await mold.call("deleteFirewallRule", { id: rule });
    expect([knock(ipaddress, 2222), knock(ipaddress, 2222, from)]).toEqual(["silence", "silence"]);
  });

  test("connections outlive every change that is not about them: members, ports, firewall rules", async () => {
    const { ipaddress } = address;
    for (const name of [one, two]) mold.inside(id(name), "systemd-run", "--quiet", "--unit=echo", "socat", "TCP-LISTEN:7000,fork,reuseaddr", "EXEC:cat");
    const firewall = (await mold.call("createFirewallRule", { ipaddressid: address.id, protocol: "tcp", startport: "7000", endport: "7009", cidrlist: "0.0.0.0/0" })).id as string;
    const balance = async (name: string, port: number): Promise<string> =>
      (await mold.call("createLoadBalancerRule", { publicipid: address.id, publicport: String(port), privateport: "7000", algorithm: "roundrobin", name, openfirewall: "false", protocol: "tcp" })).id as string;
    const rule = await balance("first", 7000);
    expect(knock(ipaddress, 7000)).toBe("refused");
    await mold.call("assignToLoadBalancerRule", { id: rule, virtualmachineids: id(one) });
    const socket = await new Promise<Socket>((resolve, reject) => {
      const made = connect(7000, ipaddress, () => resolve(made)).on("error", reject);
    });
    let [echoed, closed] = [0, false];
    socket.on("data", (data: Buffer) => (echoed += data.length)).on("close", () => (closed = true));
    const stillEchoes = async (): Promise<boolean> => {
      const before = echoed;
      socket.write("x");
      await wait(300);
      return !closed && echoed > before;
    };
    await mold.call("assignToLoadBalancerRule", { id: rule, virtualmachineids: id(two) });
    expect(await stillEchoes()).toBe(true);
    await mold.call("removeFromLoadBalancerRule", { id: rule, virtualmachineids: id(one) });
    expect(await stillEchoes()).toBe(true);
    const second = await balance("second", 7001);
    await mold.call("assignToLoadBalancerRule", { id: second, virtualmachineids: id(two) });
    expect(await stillEchoes()).toBe(true);
    await mold.call("deleteLoadBalancerRule", { id: second });
    await mold.call("deleteFirewallRule", { id: firewall });
    expect(await stillEchoes()).toBe(true);
    socket.destroy();
    await mold.call("deleteLoadBalancerRule", { id: rule });
  });

  test("an ISO is in the drive of a running machine once it is attached, survives a reboot, and is gone once it is detached", async () => {
    const iso = await mold.first("listIsos", { name: "v1.35.4-Kubernetes-Binaries-ISO" });
    const found = (): string | undefined => mold.inside(id(one), "blkid", "-c", "/dev/null", "-t", "LABEL=CDROM", "-o", "device");
    expect(found()).toBeUndefined();
    await mold.call("attachIso", { id: iso.id, virtualmachineid: id(one) });
    await until("the disc is there", () => found() === "/dev/sr0");
    expect(mold.inside(id(one), "sh", "-c", "mount -o ro /dev/sr0 /mnt && cat /mnt/k8s/kubeadm && umount /mnt")).toBe("what is on it");
    const before = mold.init(id(one));
    await mold.call("rebootVirtualMachine", { id: id(one) });
    await until("it has rebooted", () => ![undefined, before].includes(mold.init(id(one))));
    await until("the disc is there again", () => found() === "/dev/sr0");
    expect(mold.inside(id(two), "blkid", "-c", "/dev/null", "-t", "LABEL=CDROM", "-o", "device")).toBeUndefined();
    await mold.call("detachIso", { virtualmachineid: id(one) });
    await until("the disc is gone", () => found() === undefined && mold.inside(id(one), "ls", "/dev/sr0") === undefined);
    expect(leavings(mold.machines).filter((line) => line.startsWith("loop"))).toEqual([]);
  });

  test("a machine reads the user data that Mold has now, and can't keep others for the next boot", async () => {
    const seed = "/var/lib/cloud/seed/nocloud/user-data";
    await mold.call("updateVirtualMachine", { id: id(one), userdata: Buffer.from("#cloud-config\n# others\n").toString("base64") });
    await until("they are there", () => mold.inside(id(one), "cat", seed) === "#cloud-config\n# others");
    mold.inside(id(one), "sh", "-c", `echo mine >${seed}`);
    await until("it has booted", () => isUp(one));
    const before = mold.init(id(one));
    mold.inside(id(one), "systemctl", "reboot");
    await until("it has rebooted by itself", () => ![undefined, before].includes(mold.init(id(one))));
    expect(mold.inside(id(one), "cat", seed)).toBe("#cloud-config\n# others");
  });

  test("an emulator that was killed finds its machines as they run, its rules, and one that went off meanwhile", async () => {
    await until("both are up", () => [one, two].every(isUp));
    const before = [one, two].map((name) => mold.init(id(name)));
    await mold.call("createFirewallRule", { ipaddressid: address.id, protocol: "tcp", startport: "2222", endport: "2222", cidrlist: "0.0.0.0/0" });
    await mold.kill();
    expect(knock(address.ipaddress, 2222)).toBe("SSH-2.0");
    mold.inside(id(two), "systemctl", "poweroff");
    await until("the second is off", () => mold.init(id(two)) === undefined);
    await wait(3_000);
    await mold.start();
    await wait(2_500);
    expect(mold.init(id(one))).toBe(before[0]);
    expect(knock(address.ipaddress, 2222)).toBe("SSH-2.0");
    expect((await mold.first("listVirtualMachines", { id: id(one) })).state).toBe("Running");
    expect((await mold.first("listVirtualMachines", { id: id(two) })).state).toBe("Stopped");
    await mold.call("startVirtualMachine", { id: id(two) });
    await until("the second is up again", () => mold.inside(id(two), "cat", "/etc/told") === two);
  });

  test("stopping is over when the machine is off; what is destroyed leaves nothing", async () => {
    await mold.call("stopVirtualMachine", { id: id(one) });
    expect(mold.init(id(one))).toBeUndefined();
    expect(leavings(mold.machines).filter((line) => /^(cgroup|process)/.test(line) && !line.includes(id(two)) && line.includes(id(one)))).toEqual([]);
    for (const name of [one, two]) await mold.call("destroyVirtualMachine", { id: id(name), expunge: "true" });
    await until("their folders are gone", () => mold.machineIds.length === 0);
    await mold.call("deleteNetwork", { id: network });
    await until("nothing is left", () => leavings(mold.machines).length === 0);
    expect(mold.log).not.toMatch(/can't|could not/);
  });
});
