/** YAML as cloud-init and kubeadm read it, for plain data. A few lines instead of a library: user data is made on every run's hot path. */

export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined };

/** Words that no YAML reader (PyYAML reads 1.1: `on`, `1e3`, `12:30`) takes for anything but text. */
const plain = /^[A-Za-z/][A-Za-z0-9/._-]*$/;
const notText = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** A JSON string is a YAML one, but for the control characters that JSON leaves bare. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function scalar(value: string | number | boolean, indent: string): string {
  if (typeof value !== "string") return String(value);
  if (plain.test(value) && !notText.test(value)) return value;
  // Files of several lines stay readable; only such as need no escapes, which block scalars do not have.
  if (/^[\x21-\x7e][\x20-\x7e\t\n]*[^\n]\n$/.test(value)) return `|\n${value.slice(0, -1).replace(/^(?=.)/gm, indent)}`;
  return quoted(value);
}

function lines(value: YamlValue, indent: string): string {
  if (Array.isArray(value)) {
    const items = value as readonly YamlValue[];
    // An item's own first line moves up behind its dash.
    return items.map((item) => `${indent}- ${typeof item === "object" && !isEmpty(item) ? lines(item, `${indent}  `).trimStart() : inline(item, `${indent}  `)}`).join("\n");
  }
  return Object.entries(value as Record<string, YamlValue | undefined>)
    .filter((entry): entry is [string, YamlValue] => entry[1] !== undefined)
    .map(([key, item]) => `${indent}${plain.test(key) && !notText.test(key) ? key : quoted(key)}:${typeof item === "object" && !isEmpty(item) ? `\n${lines(item, `${indent}  `)}` : ` ${inline(item, `${indent}  `)}`}`)
    .join("\n");
}

const isEmpty = (value: object): boolean => (Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined));
const inline = (value: YamlValue, indent: string): string => (typeof value === "object" ? (Array.isArray(value) ? "[]" : "{}") : scalar(value, indent));

/** One document, its last line ended. Keys keep their order, so the same value gives the same text. */
export function yamlText(value: { readonly [key: string]: YamlValue | undefined }): string {
  return isEmpty(value) ? "{}\n" : `${lines(value, "")}\n`;
}
