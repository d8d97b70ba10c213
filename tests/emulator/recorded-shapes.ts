/** Comparing an answer with a recorded one: keys and types everywhere, values where they are not ids, times or names. */

/** What differs from one cloud to another. Everything else must be equal in value. */
const own = new RegExp(
  [
    "id$", "ids$", "^id$", "^created$", "^completed$", "^lastupdated$", "^allocated$", // ids and times
    "zonename", "^hostname$", "instancename", "templatename", "templatedisplaytext", "templateformat", "templatetype", "isoname", "isodisplaytext", "isourl", "^osdisplayname$", "ostypename", "serviceoffering(name|displaytext)", // names of what this cloud has
    "ipaddress$", "^publicip$", "gateway", "macaddress", "isolationuri", "broadcasturi", "vlan", "vmguestip", "^dns1$", "internaldns1", "networkdomain", // addresses
    "^cpuspeed$", "^cputotal$", "^cpunumber$", "^memory$", "^memorytotal$", "OvercommitRatio$", "gputotal", "^hypervisor$", "zonetoken", "^size$", "physicalsize", "^url$", "^format$", "fingerprint", "^storage$", "^path$", "clustername", "podname", "PublicKey$", "semanticversion", "^kubernetesversionname$", // what it is made of
    "^cmd$", "managementserver", "^count$", "roleid", "^roletype$", "^privatekey$", "^email$", "^firstname$", "^lastname$",
  ].join("|"),
);

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** A message without what is of one cloud alone. */
export const plainText = (text: string): string =>
  text.replace(uuid, "<id>").replace(/"(id|networkId)":\d+/g, '"$1":<n>').replace(/\b\d+\.\d+\.\d+\.\d+\b(?!\/)/g, "<address>").replace(/VM \d+|ID=\d+|id \d+|rule: \d+|zone \d+|Domain Id = \d+/g, (match) => match.replace(/\d+/, "<n>")).replace(/i-\d+-\d+-[A-Z]+/g, "<instance>").replace(/network domain: [^;]+/, "network domain: <domain>");

const kind = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "list" : typeof value);

/** Of lists of what a cloud has, or of its history, the shape counts alone. */
export const shapeAlone = (found: readonly string[]): string[] => found.filter((one) => !/: recorded ("|-?\d|true|false)[^]*, found /.test(one));

/** How an answer differs from the recorded one; empty when it does not. */
export function differences(recorded: unknown, actual: unknown, path = ""): string[] {
  if (kind(recorded) !== kind(actual)) return [`${path}: recorded a ${kind(recorded)} (${JSON.stringify(recorded)?.slice(0, 80)}), found a ${kind(actual)} (${JSON.stringify(actual)?.slice(0, 80)})`];
  if (Array.isArray(recorded) && Array.isArray(actual)) {
    if (recorded.length > 0 && actual.length === 0) return [`${path}: recorded ${recorded.length} items, found none`];
    if (recorded.length === 0 && actual.length > 0) return [`${path}: recorded no items, found ${actual.length}`];
    // Of lists the items' shape counts: every one found must be like some one recorded.
    return actual.flatMap((item, at) => {
      const each = recorded.map((one) => differences(one, item, `${path}[${at}]`)).sort((a, b) => a.length - b.length);
      return each[0] ?? [];
    });
  }
  if (kind(recorded) === "object") {
    const [left, right] = [recorded as Record<string, unknown>, actual as Record<string, unknown>];
    const missing = Object.keys(left).filter((key) => !(key in right)).map((key) => `${path}.${key}: recorded, missing`);
    const more = Object.keys(right).filter((key) => !(key in left)).map((key) => `${path}.${key}: not recorded (${JSON.stringify(right[key])?.slice(0, 60)})`);
    return [...missing, ...more, ...Object.keys(left).filter((key) => key in right).flatMap((key) => differences(left[key], right[key], `${path}.${key}`))];
  }
  // What this cloud calls its images and versions, inside of what is compared.
  if (/(isos\[0\]\.(name|displaytext)|kubernetessupportedversion\.name|volume\[0\]\.name|networkname)$/.test(path)) return [];
  const name = /([^.[\]]+)(\[\d+\])?$/.exec(path)?.[1] ?? "";
  if (own.test(name)) return [];
  if (typeof recorded === "string" && plainText(recorded) === plainText(String(actual))) return [];
  return recorded === actual ? [] : [`${path}: recorded ${JSON.stringify(recorded)}, found ${JSON.stringify(actual)}`];
}
