/** The shapes of answers: times, owners, tags, pages, errors, and the little XML that Mold speaks by default. */
import type { Call } from "./call";
import { ApiError, invalid } from "./errors";
import type { Cloud } from "./cloud";
import type { Row } from "./model";

/** `2026-11-23T13:54:24+0000` */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+0000`;
}

/** `account`, or `projectid` and `project` for what belongs to a project, and the domain. */
export function owner(cloud: Cloud, row: { readonly accountId?: string; readonly projectId?: string }): object {
  const account = cloud.table("accounts").get(row.accountId ?? "");
  const domain = cloud.table("domains").get(account?.domainId ?? "");
  const project = row.projectId === undefined ? undefined : cloud.table("projects").get(row.projectId);
  return {
    ...(project === undefined ? { account: account?.name ?? "" } : { projectid: project.id, project: project.name }),
    domainid: domain?.id ?? "",
    domain: domain?.name ?? "",
    domainpath: domain?.path ?? "",
  };
}

export function zone(cloud: Cloud, zoneId: string): { zoneid: string; zonename: string } {
  return { zoneid: zoneId, zonename: cloud.table("zones").get(zoneId)?.name ?? "" };
}

/** The tags on a resource, as they are shown on it. */
export function tagsOn(cloud: Cloud, resourceId: string): object[] {
  return cloud
    .table("tags")
    .filter((tag) => tag.resourceId === resourceId)
    .map((tag) => ({ key: tag.key, value: tag.value, resourcetype: tag.resourceType, resourceid: tag.resourceId, ...ownerWithoutPath(cloud, tag) }));
}

/** The owner as it stands on tags within a resource: the path is left out there. */
export function ownerWithoutPath(cloud: Cloud, row: { readonly accountId?: string; readonly projectId?: string }): object {
  const { domainpath: _path, ...rest } = owner(cloud, row) as { domainpath?: string };
  return rest;
}

export function hasAnnotations(cloud: Cloud, entityId: string): boolean {
  return cloud.table("annotations").find((note) => note.entityId === entityId) !== undefined;
}

/** A resource has one tag of a key, and MySQL (utf8_general_ci) tells no upper case from lower and sees no spaces at the end. */
export const tagId = (resourceId: string, key: string): string => `${resourceId}/${key.toLowerCase().trimEnd()}`;

/** Whether a row carries every tag that the call's `tags[n].key/value` asks for. A key without a value asks for any value. */
export function taggedAsAsked(call: Call, resourceId: string): boolean {
  return call.maps("tags").every(({ key, value }) => {
    const tag = call.cloud.table("tags").get(tagId(resourceId, key ?? ""));
    return tag !== undefined && (value === undefined || value === "" || tag.value === value);
  });
}

/**
 * One page of a list under `key`. An empty list has neither the list nor a count; a page past the end has the count alone.
 * Without `page` and `pagesize` at most the default page size is answered, with the count of all.
 */
export function page<R>(call: Call, key: string, rows: readonly R[], show: (row: R) => object): object {
  const { pageSize } = call.cloud.settings;
  const number = call.whole("page");
  const size = call.whole("pagesize");
  if (number !== undefined && size === undefined) throw new ApiError(431, '"pagesize" parameter is required when "page" is specified');
  if (size !== undefined && size > pageSize) throw invalid(`Page size can't exceed max allowed page size value: ${pageSize}`);
  if (rows.length === 0) return {};
  const take = size === undefined || size < 0 ? pageSize : size;
  const from = ((number ?? 1) - 1) * take;
  const shown = rows.slice(from, from + take).map(show);
  return { count: rows.length, ...(shown.length > 0 ? { [key]: shown } : {}) };
}

/** Whether `keyword` is part of any of the texts; there being none, everything is. */
export function keyword(call: Call, ...texts: readonly (string | undefined)[]): boolean {
  const word = call.text("keyword")?.toLowerCase();
  return word === undefined || texts.some((text) => text?.toLowerCase().includes(word) === true);
}

/** Whether a row passes the `id` and `ids` filters. */
export function asked(call: Call, row: Row): boolean {
  const id = call.text("id");
  const ids = call.list("ids");
  return (id === undefined || row.id === id) && (ids.length === 0 || ids.includes(row.id));
}

/** Whether a value is the one a parameter asks for, when it asks. */
export function equals(call: Call, name: string, value: string | undefined): boolean {
  const wanted = call.text(name);
  return wanted === undefined || wanted.toLowerCase() === value?.toLowerCase();
}

/** An error as it stands under the response key. 401 has no `cserrorcode` (recorded). */
export function errorBody(error: ApiError): object {
  return { uuidList: [], errorcode: error.code, ...(error.code === 401 ? {} : { cserrorcode: error.detail }), errortext: error.text };
}

/** What Mold answers when `response=json` is left out. */
export function xml(body: Readonly<Record<string, unknown>>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${elements(body)}`;
}

function elements(value: unknown): string {
  if (typeof value !== "object" || value === null) return escape(String(value));
  return Object.entries(value)
    .map(([name, item]) => (Array.isArray(item) ? item.map((one) => `<${name}>${elements(one)}</${name}>`).join("") : `<${name}>${elements(item)}</${name}>`))
    .join("");
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
