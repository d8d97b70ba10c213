/** A VPC with one tier and an access list of its own, beside whatever is there. */
import { byHand, type Opened } from "../core/world/made";

export interface Vpc {
  readonly vpcId: string;
  readonly tierId: string;
  /** The tier's list. */
  readonly aclId: string;
  /** Of the VPC; it leads to no tier yet. */
  readonly addressId: string;
  readonly machineId: string;
}

export async function makeVpc({ cloud }: Pick<Opened, "cloud">): Promise<Vpc> {
  const mold = byHand(cloud);
  const make = async (): Promise<Vpc> => {
    const [zone] = await mold.list("listZones", { name: "zone-1" });
    const [offering] = await mold.list("listVPCOfferings", { name: "Default VPC offering" });
    const [tierOffering] = await mold.list("listNetworkOfferings", { forvpc: true });
    const vpc = await mold.run("createVPC", { name: "shop", displaytext: "shop", cidr: "10.9.0.0/16", vpcofferingid: offering!.id!, zoneid: zone!.id! });
    const acl = await mold.run("createNetworkACLList", { name: "web", vpcid: vpc.id! });
    const tier = await mold.call("createNetwork", { name: "web", zoneid: zone!.id!, networkofferingid: tierOffering!.id!, vpcid: vpc.id!, aclid: acl.id!, gateway: "10.9.1.1", netmask: "255.255.255.0" });
    const address = await mold.run("associateIpAddress", { vpcid: vpc.id! });
    const [service] = await mold.list("listServiceOfferings", { name: "k8s-2c-2g" });
    const [template] = await mold.list("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
    const machine = await mold.run("deployVirtualMachine", { zoneid: zone!.id!, serviceofferingid: service!.id!, templateid: template!.id!, networkids: [tier.id!], name: "web-1" });
    return { vpcId: vpc.id!, tierId: tier.id!, aclId: acl.id!, addressId: address.id!, machineId: machine.id! };
  };
  return cloud.clock.run(make());
}
