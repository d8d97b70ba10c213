/** Kubernetes ISOs as discs: an image of the folder with its content, on a loop device for each drive. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./host";

/** Where the content of a version's ISO lies; undefined: there is none. */
export type IsoFolder = (version: string) => string | undefined;

/** The label by which a machine finds the disc, that of every ISO which Mold registers. */
const LABEL = "CDROM";
const MEBIBYTE = 1024 * 1024;

/** `/cache/iso-{version}`, or a folder that has one for each version. */
export function isoFolders(pattern: string | undefined): IsoFolder {
  return (version) => {
    if (pattern === undefined) return undefined;
    const folder = pattern.includes("{version}") ? pattern.replaceAll("{version}", version) : join(pattern, version);
    return existsSync(folder) ? folder : undefined;
  };
}

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly changed: number;
}

async function listed(folder: string, below = ""): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) entries.push(...(await listed(folder, path)));
    else {
      const { size, mtimeMs } = await stat(join(folder, path));
      entries.push({ path, bytes: size, changed: mtimeMs });
    }
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** How large an image is made: room for the files, for their blocks' ends and for what the file system itself takes. */
export function imageMebibytes(entries: readonly { readonly bytes: number }[]): number {
  const blocks = entries.reduce((sum, { bytes }) => sum + Math.ceil(bytes / 4096) * 4096, 0);
  return Math.ceil((blocks * 1.03) / MEBIBYTE + entries.length / 64) + 16;
}

export class Discs {
  private readonly making = new Map<string, Promise<string>>();

  constructor(
    /** Where images are kept. */
    private readonly dir: string,
    private readonly folders: IsoFolder,
  ) {}

  /** Puts the version's disc into the drive of the machine in that folder. Answers with the device's `major minor`. @throws with what is missing */
  async insert(machineDir: string, version: string): Promise<string> {
    const folder = this.folders(version);
    if (folder === undefined) throw new Error(`there is no content for the Kubernetes ISO ${version}: give --isos or ABLESTACK_MACHINES_ISOS a folder that has it`);
    const image = await this.image(version, folder);
    await this.eject(machineDir);
    // A name of its own for each drive: by it the loop device is found again, whoever looks.
    await link(image, driveOf(machineDir));
    const device = (await run(["losetup", "--find", "--show", "--read-only", driveOf(machineDir)])).trim();
    return readFileSync(`/sys/block/${device.replace("/dev/", "")}/dev`, "utf8").trim().replace(":", " ");
  }

  /** Empties the drive. A disc that is mounted inside goes once it is unmounted. */
  async eject(machineDir: string): Promise<void> {
    for (const device of loopDevices(driveOf(machineDir))) await run(["losetup", "--detach", device]);
    await rm(driveOf(machineDir), { force: true });
  }

  private async image(version: string, folder: string): Promise<string> {
    const entries = await listed(folder);
    const fingerprint = createHash("sha256").update(JSON.stringify([folder, entries])).digest("hex").slice(0, 12);
    const path = join(this.dir, `${version}-${fingerprint}.img`);
    const making = this.making.get(path) ?? this.make(path, folder, imageMebibytes(entries));
    this.making.set(path, making);
    try {
      return await making;
    } finally {
      this.making.delete(path);
    }
  }

  /** ext2, because this kernel may not know iso9660, and squashfs has no label. */
  private async make(path: string, folder: string, mebibytes: number): Promise<string> {
    if (existsSync(path)) return path;
    await mkdir(this.dir, { recursive: true });
    await rm(`${path}.new`, { force: true });
    await run(["mke2fs", "-q", "-t", "ext2", "-b", "4096", "-m", "0", "-O", "^resize_inode", "-E", "root_owner=0:0", "-L", LABEL, "-d", folder, `${path}.new`, `${mebibytes}M`]);
    await rename(`${path}.new`, path);
    return path;
  }
}

const driveOf = (machineDir: string): string => join(machineDir, "drive.img");

/** Loop devices whose file is that one, or lies in that folder. */
export function loopDevices(path: string): string[] {
  return readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop"))
    .filter((name) => {
      try {
        // A file that is gone already has " (deleted)" behind its name.
        const file = readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").trim().replace(/ \(deleted\)$/, "");
        return file === path || file.startsWith(`${path}/`);
      } catch {
        return false;
      }
    })
    .map((name) => `/dev/${name}`);
}

