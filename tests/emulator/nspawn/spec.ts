/** A machine, a network and rules as the API side describes them. */
import type { MachineSpec, NetworkSpec, PublicExposure } from "../../../provider/emulator/hypervisor";

export const machine: MachineSpec = {
  id: "8ae8b4bf-30c8-44ae-b093-e6160d9843f9",
  instanceName: "i-2-12-VM",
  name: "prod-control-1",
  hostname: "prod-control-1",
  guestIp: "10.1.1.10",
  networkId: "net-1",
  gateway: "10.1.1.1",
  networkCidr: "10.1.1.0/24",
  cpu: 2,
  memoryMb: 4096,
  userData: Buffer.from("#cloud-config\n").toString("base64"),
  iso: undefined,
  templateName: "debian-13-containerd",
  sshPublicKeys: [],
  hostName: "zone-1-host-1",
};

export const network: NetworkSpec = { id: "net-1", cidr: "10.1.1.0/24", gateway: "10.1.1.1", addresses: ["203.0.113.2", "203.0.113.3"] };

export const balanced = (change: Partial<PublicExposure> = {}): PublicExposure => ({
  address: "203.0.113.3",
  port: 6443,
  protocol: "tcp",
  kind: "loadBalancer",
  ruleId: "r1",
  networkId: "net-1",
  algorithm: "roundrobin",
  allowedCidrs: ["0.0.0.0/0"],
  targets: [
    { machineId: "m1", guestIp: "10.1.1.10", privatePort: 6443 },
    { machineId: "m2", guestIp: "10.1.1.11", privatePort: 6443 },
  ],
  ...change,
});

export const forwarded = (change: Partial<PublicExposure> = {}): PublicExposure =>
  balanced({ kind: "portForward", port: 2222, ruleId: "r2", algorithm: undefined, targets: [{ machineId: "m1", guestIp: "10.1.1.10", privatePort: 22 }], ...change });
