/** The server about itself: capabilities, APIs, events, jobs. */
import { asked, equals, keyword, owner, page, time } from "../answers";
import type { Call } from "../call";
import { catalogued } from "../catalogue";
import type { Commands } from "../command";
import { badValue } from "../errors";
import { jobAnswer } from "../jobs";

/** Events of one's own account; an admin sees all with `listall`. */
function events(call: Call): object {
  const start = call.text("startdate");
  const end = call.text("enddate");
  const from = start === undefined ? -Infinity : Date.parse(start.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  // A date alone as the end means all of that day.
  const to = end === undefined ? Infinity : Date.parse(end.replace(/([+-]\d{2})(\d{2})$/, "$1:$2")) + (/^\d{4}-\d{2}-\d{2}$/.test(end) ? 86_400_000 : 0);
  const shown = call.cloud.table("events").filter(
    (event) =>
      asked(call, event) &&
      call.shows(event) &&
      equals(call, "type", event.type) &&
      equals(call, "level", event.level) &&
      equals(call, "state", event.state) &&
      equals(call, "resourceid", event.resourceId) &&
      equals(call, "resourcetype", event.resourceType) &&
      keyword(call, event.type, event.text, event.level) &&
      event.created >= from &&
      event.created <= to,
  );
  return page(call, "event", shown, (event) => ({
    id: event.id,
    username: call.cloud.table("users").get(event.userId)?.name ?? "system",
    type: event.type,
    level: event.level,
    description: event.text,
    ...owner(call.cloud, event),
    ...(event.resourceId === undefined ? {} : { resourceid: event.resourceId }),
    ...(event.resourceType === undefined ? {} : { resourcetype: event.resourceType }),
    ...(event.resourceName === undefined ? {} : { resourcename: event.resourceName }),
    created: time(event.created),
    state: event.state,
    ...(event.parentId === undefined ? {} : { parentid: event.parentId }),
  }));
}

/** The commands of the server, given all that it has. */
export function serverCommands(played: () => Commands): Commands {
  return {
    listCapabilities: {
      kind: "sync",
      run: (call) => ({
        capability: {
          securitygroupsenabled: false,
          dynamicrolesenabled: true,
          cloudstackversion: "4.23.0.0",
          userpublictemplateenabled: true,
          supportELB: "false",
          projectinviterequired: false,
          allowusercreateprojects: true,
          customdiskofferingminsize: 1,
          customdiskofferingmaxsize: 1024,
          regionsecondaryenabled: false,
          kvmsnapshotenabled: true,
          allowuserviewdestroyedvm: call.admin || call.cloud.settings.allowUserViewDestroyedVm,
          allowuserexpungerecovervm: call.admin || call.cloud.settings.allowUserExpungeRecoverVm,
          allowuserexpungerecovervolume: call.admin,
          allowuserviewalldomainaccounts: false,
          kubernetesserviceenabled: true,
          kubernetesclusterexperimentalfeaturesenabled: call.cloud.settings.kubernetesExperimentalFeatures,
          defaultuipagesize: 20,
          instancesstatsretentiontime: 720,
          instancesstatsuseronly: false,
          instancesdisksstatsretentionenabled: true,
          instancesdisksstatsretentiontime: 720,
        },
      }),
    },

    listApis: {
      kind: "sync",
      run: (call) => {
        const wanted = call.text("name")?.toLowerCase();
        const apis = Object.entries(played())
          .filter(([name, command]) => (wanted === undefined || name.toLowerCase() === wanted) && (call.admin || (command.admin !== true && !call.cloud.settings.withheldFromUsers.includes(name))))
          .flatMap(([name]) => {
            const found = catalogued(name);
            return found === undefined ? [] : [found];
          });
        if (wanted !== undefined && apis.length === 0) throw badValue(call.command, "name", wanted);
        return page(call, "api", apis, ({ name, command }) => ({
          name,
          description: "",
          isasync: command.async,
          params: Object.entries(command.params).map(([param, { type, required, maxLength, since }]) => ({ name: param, description: "", type, length: maxLength ?? 255, required: required === true, ...(since === undefined ? {} : { since }) })),
          response: Object.entries(command.response).map(([field, type]) => ({ name: field, description: "", type: typeof type === "string" ? type : String(type[0]) })),
        }));
      },
    },

    listEvents: { kind: "sync", refs: { id: "events" }, run: events },

    listAsyncJobs: {
      kind: "sync",
      run: (call) => {
        // Pending ones alone, as recorded: an idle server answers an empty list. They are those of whoever called, also in a project.
        const jobs = call.cloud.table("jobs").filter((job) => (job.phase === "waiting" || job.phase === "running") && call.shows({ ...job, projectId: undefined }) && keyword(call, job.command));
        return page(call, "asyncjobs", jobs, (job) => jobAnswer(call.cloud, job));
      },
    },

    queryAsyncJobResult: {
      kind: "sync",
      run(call) {
        const job = call.cloud.table("jobs").get(call.need("jobid"));
        if (job === undefined || !call.mayUse(job)) throw badValue(call.command, "jobid", call.need("jobid"));
        return jobAnswer(call.cloud, job);
      },
    },

    getApiLimit: { kind: "sync", run: (call) => ({ apilimit: { accountid: call.caller.account.id, account: call.caller.account.name, apiIssued: 0, apiAllowed: -1, expireAfter: -1 } }) },

    listConfigurations: {
      kind: "sync",
      admin: true,
      run: (call) => {
        const { settings } = call.cloud;
        const values: readonly [string, string][] = [
          ["allow.user.expunge.recover.vm", String(settings.allowUserExpungeRecoverVm)],
          ["allow.user.view.destroyed.vm", String(settings.allowUserViewDestroyedVm)],
          ["default.page.size", String(settings.pageSize)],
          ["expunge.delay", String(Math.round(settings.expungeDelay / 1000))],
          ["vm.userdata.max.length", String(settings.maxUserData)],
        ];
        return page(call, "configuration", values.filter(([name]) => equals(call, "name", name) && keyword(call, name)), ([name, value]) => ({ category: "Advanced", name, value, description: "" }));
      },
    },
  };
}
