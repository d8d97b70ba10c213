/** The place of a cluster: network and public address. Internal: made by the KubernetesCluster component before the machines. */
import type { CheckedClusterEndpointInputs, ClusterEndpointOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import type { Endpoint } from "../core/endpoint";
import { endpointOf } from "../core/desired";
import { messageOf } from "../core/errors";
import type { World } from "../core/ports";
import { isUnknown, PartialFailure, type CheckResult, type Declared, type DiffResult, type Handler } from "./handler";
import { placeRuns, type PlaceRun } from "./place-runs";

export type EndpointInputs = CheckedClusterEndpointInputs & Declared & { readonly timeouts: { readonly create: number; readonly delete: number } };

const run = (world: World, inputs: EndpointInputs): PlaceRun =>
  placeRuns[inputs.management](world, { ...inputs, timeouts: { createSeconds: inputs.timeouts.create, deleteSeconds: inputs.timeouts.delete } });

const outputsOf = (endpoint: Endpoint): ClusterEndpointOutputs => ({ ...endpoint, endpoint: endpointOf(endpoint) });

export const clusterEndpoint: Handler<EndpointInputs, ClusterEndpointOutputs> = {
  async check(_session, _olds, news): Promise<CheckResult<EndpointInputs>> {
    const { declaredBy, timeouts, ...declaration } = news;
    const checked = checkInputs("ClusterEndpoint", declaration, { isUnknown });
    return { ...checked, inputs: { ...checked.inputs, declaredBy, timeouts } as EndpointInputs };
  },

  /** Looks at nothing: the cluster that lives here sees what has become of its place. */
  async diff(_session, _id, olds, news): Promise<DiffResult> {
    const replaces = changedProperties("ClusterEndpoint", olds.inputs, news, { isUnknown }).filter(({ change }) => change === "replace");
    return { changes: replaces.length > 0, replaces: replaces.map(({ property }) => property), plan: [] };
  },

  async create(session, inputs) {
    const world = session.world(inputs.connection, inputs.declaredBy);
    try {
      return { id: inputs.uid, outputs: outputsOf(await run(world, inputs).create()) };
    } catch (error) {
      // Recorded, so that a destroy takes along what is there already; its delete looks for that itself.
      throw new PartialFailure(inputs.uid, {}, [messageOf(error)], { cause: error });
    }
  },

  async read(session, id, { inputs, outputs }) {
    const endpoint = await run(session.world(inputs.connection, inputs.declaredBy), inputs).read(outputs);
    return endpoint && { id, outputs: outputsOf(endpoint) };
  },

  /** After a create that failed half-way. */
  async update(session, _id, _olds, news) {
    return { outputs: outputsOf(await run(session.world(news.connection, news.declaredBy), news).create()) };
  },

  async delete(session, _id, { inputs }) {
    await run(session.world(inputs.connection, inputs.declaredBy), inputs).delete();
  },
};
