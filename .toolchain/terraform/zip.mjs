/**
 * Zip files with the same bytes for the same content: no times, no owners, the executable bit kept (Terraform starts what it finds
 * inside). https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { crc32, deflateRawSync } from "node:zlib";

const signatures = { file: 0x04034b50, entry: 0x02014b50, end: 0x06054b50 };
/** Made by Unix, which is who has permissions; 2.0, which knows deflate. */
const madeBy = (3 << 8) | 20;
const deflated = 8;
/** 1980-01-01, the first day that a zip knows. */
const date = (1 << 5) | 1;

/** @param {Readonly<Record<string, { content: Buffer, mode: number }>>} files by name */
export function zip(files) {
  const parts = [];
  const entries = [];
  let offset = 0;
  for (const [name, { content, mode }] of Object.entries(files)) {
    const path = Buffer.from(name);
    const packed = deflateRawSync(content, { level: 9 });
    // Version needed, flags, method, time, date, checksum, sizes, length of the name, no extra field: the same in both headers.
    const same = Buffer.alloc(26);
    [20, 0, deflated, 0, date].forEach((value, at) => same.writeUInt16LE(value, at * 2));
    [crc32(content), packed.length, content.length].forEach((value, at) => same.writeUInt32LE(value, 10 + at * 4));
    same.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([u32(signatures.file), same, path, packed]);
    const attributes = Buffer.alloc(14);
    attributes.writeUInt32LE(((0o100000 | mode) << 16) >>> 0, 6);
    attributes.writeUInt32LE(offset, 10);
    entries.push(Buffer.concat([u32(signatures.entry), u16(madeBy), same, attributes, path]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(18);
  [0, 0, entries.length, entries.length].forEach((value, at) => end.writeUInt16LE(value, at * 2));
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, u32(signatures.end), end]);
}

function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
