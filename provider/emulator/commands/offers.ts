/** What there is to build with: zones, offerings, templates, network offerings, hosts. */
import { asked, equals, keyword, owner, page, time } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { invalid } from "../errors";
import type { OfferingRow, TemplateRow, ZoneRow } from "../model";
import { offeredServices } from "../network-services";
import { room } from "../placement";
import { hostClusterId, osTypeId, podId, routerOfferingId } from "../seed-ids";

function zoneAnswer(zone: ZoneRow): object {
  return {
    id: zone.id,
    name: zone.name,
    dns1: "127.0.0.53",
    internaldns1: "127.0.0.53",
    guestcidraddress: zone.guestCidr,
    networktype: "Advanced",
    securitygroupsenabled: false,
    gputotal: 0,
    gpuused: 0,
    allocationstate: "Enabled",
    zonetoken: zone.id,
    dhcpprovider: "VirtualRouter",
    localstorageenabled: false,
    tags: [],
    allowuserspecifyvrmtu: false,
    routerprivateinterfacemaxmtu: 1500,
    routerpublicinterfacemaxmtu: 1500,
    type: "Core",
    isnsxenabled: false,
    ismultiarch: false,
    asnrange: "",
    routedmodeenabled: true,
    hasannotations: false,
  };
}

function offeringAnswer(offering: OfferingRow): object {
  return {
    id: offering.id,
    name: offering.name,
    state: "Active",
    displaytext: offering.displayText,
    cpunumber: offering.cpus,
    cpuspeed: offering.cpuMhz,
    memory: offering.memoryMb,
    created: time(offering.created),
    storagetype: "shared",
    provisioningtype: "thin",
    offerha: false,
    limitcpuuse: false,
    isvolatile: false,
    issystem: false,
    defaultuse: false,
    iscustomized: false,
    rootdisksize: offering.rootDiskGb ?? 0,
    dynamicscalingenabled: true,
    diskofferingstrictness: false,
    diskofferingid: offering.id.replace(/^./, "d"),
    diskofferingname: offering.name,
    diskofferingdisplaytext: offering.displayText,
    encryptroot: false,
    gpudisplay: false,
    hasannotations: false,
  };
}

function templateAnswer(call: Call, template: TemplateRow, zone: ZoneRow): object {
  const admin = call.cloud.table("accounts").find((account) => account.admin);
  return {
    id: template.id,
    name: template.name,
    displaytext: template.displayText,
    ispublic: template.public,
    created: time(template.created),
    isready: true,
    passwordenabled: false,
    format: "QCOW2",
    isfeatured: template.public,
    crossZones: true,
    ostypeid: osTypeId,
    ostypename: template.osType,
    ...owner(call.cloud, { accountId: admin?.id }),
    zoneid: zone.id,
    zonename: zone.name,
    status: "Download Complete",
    size: template.sizeGb * 2 ** 30,
    physicalsize: template.sizeGb * 2 ** 30,
    templatetype: template.type,
    hypervisor: "KVM",
    isextractable: false,
    checksum: "",
    details: {},
    ...(call.admin ? { downloaddetails: [{ downloadState: "DOWNLOADED", datastore: "secondary", datastoreRole: "Image", downloadPercent: "100", datastoreId: podId }] } : {}),
    arch: "x86_64",
    bits: 0,
    sshkeyenabled: false,
    isdynamicallyscalable: false,
    directdownload: false,
    deployasis: false,
    forcks: false,
    requireshvm: false,
    url: "",
    tags: [],
    hasannotations: false,
  };
}

const templateFilters = ["featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all"];

/** Public templates are featured ones here; a system template is shown to the admin alone, under `all`. */
function templates(call: Call): object {
  const filter = call.need("templatefilter").toLowerCase();
  if (!templateFilters.includes(filter)) throw invalid(`Unsupported template filter: ${filter}`);
  if (filter === "all" && !call.admin) throw invalid('Filter "all" can be specified by admin only');
  const zones = call.cloud.table("zones").filter((zone) => equals(call, "zoneid", zone.id));
  const shown = call.cloud
    .table("templates")
    .filter((template) => asked(call, template) && equals(call, "name", template.name) && keyword(call, template.name, template.displayText))
    .filter((template) => (template.type === "SYSTEM" ? filter === "all" : filter === "all" || filter === "featured" || filter === "executable"))
    .flatMap((template) => zones.map((zone) => ({ template, zone })));
  return page(call, "template", shown, ({ template, zone }) => templateAnswer(call, template, zone));
}

export const offerCommands: Commands = {
  listZones: {
    kind: "sync",
    refs: { id: "zones" },
    run: (call) => page(call, "zone", call.cloud.table("zones").filter((zone) => asked(call, zone) && equals(call, "name", zone.name) && keyword(call, zone.name)), zoneAnswer),
  },

  listServiceOfferings: {
    kind: "sync",
    refs: { id: "offerings" },
    run: (call) => page(call, "serviceoffering", call.cloud.table("offerings").filter((one) => asked(call, one) && call.flag("issystem") !== true && equals(call, "name", one.name) && keyword(call, one.name, one.displayText)), offeringAnswer),
  },

  createServiceOffering: {
    kind: "sync",
    admin: true,
    run(call) {
      const name = call.need("name");
      const row = call.cloud.table("offerings").put({
        ...call.cloud.identity("offerings"),
        name,
        displayText: call.text("displaytext") ?? name,
        cpus: call.whole("cpunumber") ?? 1,
        cpuMhz: call.whole("cpuspeed") ?? 1000,
        memoryMb: call.whole("memory") ?? 512,
        rootDiskGb: call.whole("rootdisksize"),
        created: call.cloud.now(),
      });
      return { serviceoffering: offeringAnswer(row) };
    },
  },

  listDiskOfferings: {
    kind: "sync",
    refs: { id: "diskOfferings" },
    run: (call) =>
      page(call, "diskoffering", call.cloud.table("diskOfferings").filter((one) => asked(call, one) && equals(call, "name", one.name) && keyword(call, one.name)), (one) => ({
        id: one.id,
        name: one.name,
        displaytext: one.name,
        disksize: one.sizeGb,
        created: time(one.created),
        iscustomized: false,
        storagetype: "shared",
        provisioningtype: "thin",
        displayoffering: true,
        state: "Active",
        hasannotations: false,
      })),
  },

  listTemplates: { kind: "sync", refs: { id: "templates" }, run: templates },

  listOsTypes: { kind: "sync", refs: { id: "any" }, run: (call) => page(call, "ostype", [osTypeId], (id) => ({ id, name: "Debian GNU/Linux 13 (64-bit)", description: "Debian GNU/Linux 13 (64-bit)", isuserdefined: false })) },

  listNetworkOfferings: {
    kind: "sync",
    refs: { id: "networkOfferings" },
    run: (call) => {
      const offerings = call.cloud
        .table("networkOfferings")
        .filter((one) => asked(call, one) && equals(call, "name", one.name) && equals(call, "guestiptype", one.guestType) && equals(call, "state", "Enabled") && equals(call, "forvpc", String(one.forVpc === true)) && equals(call, "traffictype", "Guest") && keyword(call, one.name, one.displayText))
        .filter((one) => call.list("supportedservices").every((service) => one.services.some((has) => has.toLowerCase() === service.toLowerCase())));
      return page(call, "networkoffering", offerings, (one) => ({
        id: one.id,
        name: one.name,
        displaytext: one.displayText,
        created: time(one.created),
        traffictype: "Guest",
        isdefault: true,
        specifyvlan: false,
        conservemode: true,
        specifyipranges: false,
        availability: "Required",
        networkrate: 200,
        state: "Enabled",
        guestiptype: one.guestType,
        serviceofferingid: routerOfferingId,
        service: offeredServices(one.services, one.forVpc ? "VpcVirtualRouter" : "VirtualRouter"),
        forvpc: one.forVpc === true,
        fornsx: false,
        fortungsten: false,
        ispersistent: false,
        egressdefaultpolicy: one.egressDefaultPolicy,
        supportsstrechedl2subnet: false,
        supportspublicaccess: false,
        supportsinternallb: false,
        internetprotocol: "IPv4",
        specifyasnumber: false,
        hasannotations: false,
      }));
    },
  },

  listHosts: {
    kind: "sync",
    admin: true,
    refs: { id: "hosts" },
    run: (call) => {
      const { cloud } = call;
      const machine = call.ref("machines", "virtualmachineid");
      const hosts = cloud
        .table("hosts")
        .filter((host) => asked(call, host) && equals(call, "zoneid", host.zoneId) && equals(call, "name", host.name) && equals(call, "state", host.state) && equals(call, "type", "Routing") && keyword(call, host.name))
        .filter((host) => machine === undefined || host.id !== machine.hostId);
      return page(call, "host", hosts, (host) => {
        const left = room(cloud, host);
        return {
          id: host.id,
          name: host.name,
          state: host.state,
          type: "Routing",
          zoneid: host.zoneId,
          zonename: cloud.table("zones").get(host.zoneId)?.name ?? "",
          podid: podId,
          podname: "pod-1",
          clusterid: hostClusterId,
          clustername: "cluster-1",
          hypervisor: "KVM",
          cpunumber: host.cpus,
          cpuspeed: 2000,
          cpuallocated: `${(((host.cpus - left.cpus) / host.cpus) * 100).toFixed(2)}%`,
          memorytotal: host.memoryMb * 2 ** 20,
          memoryallocated: (host.memoryMb - left.memoryMb) * 2 ** 20,
          resourcestate: "Enabled",
          arch: "x86_64",
          hasannotations: false,
        };
      });
    },
  },
};
