/**
 * The process that runs one machine, as a shell script in the machine's folder: it goes on when the emulator ends, and the emulator
 * finds it again. A script, because that must not hang on Node.
 */
import type { Argv } from "./host";
import { networkDown, networkUp, nspawnArguments, overlayPath, plainFolders, type Launch } from "./launch";

/** Quotes a word for a POSIX shell. */
export const quoted = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const line = (argv: Argv): string => argv.map(quoted).join(" ");

/** systemd's code for "start me again": the machine rebooted itself. */
export const REBOOTED = 133;

/** Files in a machine's folder by which its launcher and the emulator talk. */
export const files = {
  script: "launcher.sh",
  /** The launcher's process id. */
  pid: "launcher.pid",
  /** nspawn's process id: SIGTERM shuts the machine down, SIGKILL pulls the plug. */
  nspawn: "nspawn.pid",
  /** The machine's first process, as the host sees it. */
  init: "init.pid",
  /** The exit code of a machine that is off. */
  ended: "ended",
  /** Its being there makes of the next shutdown a reboot. */
  reboot: "reboot",
  /** `major minor` of the disc in the drive. */
  disc: "disc",
  /** Seed of the next boot; the machine's own copy is in `seed`. */
  data: "data",
  console: "console.log",
  log: "launcher.log",
} as const;

/** The machine's drive. */
export const DRIVE = "dev/sr0";

export function launcherScript(launch: Launch): string {
  const { spec, dir, rootfs, cgroup } = launch;
  const lower = `lowerdir=${overlayPath(rootfs)},upperdir=${overlayPath(`${dir}/upper`)},workdir=${overlayPath(`${dir}/work`)}`;
  return `#!/bin/bash
# Runs the machine ${spec.name.replace(/[^\x20-\x7e]/g, "?")} of an embedded Mold, and goes on without it. \`boot\` is one boot of it, in a mount namespace of its own.
set -u
dir=${quoted(dir)} cgroup=${quoted(cgroup)} rootfs=${quoted(rootfs)}
export PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C
cd "$dir" || exit 1

# Every hierarchy there is: one for each controller of cgroup v1, or one alone.
hierarchies() {
  local at
  if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then echo /sys/fs/cgroup && return; fi
  for at in /sys/fs/cgroup/*; do [[ -L $at || ! -e $at/cgroup.procs ]] || echo "$at"; done
}

# nspawn roots the machine's cgroup namespace where it is started.
enter_cgroup() {
  local at file
  for at in $(hierarchies); do
    mkdir -p "$at/$cgroup"
    # Nothing may enter a cpuset before it has processors and memory.
    for file in cpuset.cpus cpuset.mems; do [[ ! -e $at/$file ]] || cat "$at/$file" >"$at/$cgroup/$file"; done
    echo $$ >"$at/$cgroup/cgroup.procs"
  done
}

# Ends what the last boot left: a machine outlives an nspawn that was killed, and must never run twice on one disk. It lives below the
# launcher's own cgroup in some hierarchy at least. Left-over cgroups cost cadvisor seconds each.
tidy_cgroup() {
  local at pids folders
  for _ in {1..200}; do
    folders=() pids=()
    for at in $(hierarchies); do
      mapfile -t -O "\${#folders[@]}" folders < <(find "$at/$cgroup" -mindepth 1 -depth -type d 2>/dev/null)
    done
    ((\${#folders[@]} > 0)) || return 0
    mapfile -t pids < <(cat "\${folders[@]/%//cgroup.procs}" 2>/dev/null)
    ((\${#pids[@]} == 0)) || kill -KILL "\${pids[@]}" 2>/dev/null
    rmdir "\${folders[@]}" 2>/dev/null
    sleep 0.05
  done
  return 1
}

leave_cgroup() {
  local at
  tidy_cgroup
  for at in $(hierarchies); do echo $$ >"$at/cgroup.procs" && rmdir "$at/$cgroup"; done
}

network_down() {
${networkDown(launch).map((argv) => `  ${line(argv)} 2>/dev/null`).join("\n")}
}

network_up() {
  network_down
  ${networkUp(launch).map(line).join(" &&\n    ")}
}

# A root file system that comes with images has them for every machine: hard links, and copies of what is written in place.
make_disk() {
  local database store=$rootfs/var/lib/containerd
  mkdir -p upper work root seed ${plainFolders.filter((folder) => folder !== "containerd").join(" ")}
  [[ ! -e containerd ]] || return 0
  rm -rf containerd.new
  if [[ -n $(ls -A "$store" 2>/dev/null) ]]; then
    cp -al "$store" containerd.new 2>/dev/null || { rm -rf containerd.new && cp -a "$store" containerd.new; } || return
    find containerd.new -name '*.db' | while read -r database; do cp -a "$database" "$database.new" && mv -f "$database.new" "$database"; done
  else
    mkdir containerd.new
  fi
  mv containerd.new containerd
}

# Each boot reads the user data that Mold has now, whatever the machine did to its own copy.
lay_seed() {
  cp ${files.data}/* seed/
}

# Once the machine's first process is there, its file system is: the disc goes into the drive.
note_init() {
  local init='' status
  for _ in {1..200}; do
    kill -0 "$1" 2>/dev/null || return
    init=$(cat "/proc/$1/task/$1/children")
    status=$(grep '^NSpid:' "/proc/\${init%% *}/status")
    if [[ $status == *$'\\t'1 ]]; then
      init=\${init%% *}
      echo "$init" >${files.init}.new && mv ${files.init}.new ${files.init}
      insert_disc "$init"
      return
    fi
    sleep 0.05
  done
} 2>/dev/null

insert_disc() {
  local major minor
  read -r major minor <${files.disc} || return
  rm -f "/proc/$1/root/${DRIVE}"
  mknod -m 0440 "/proc/$1/root/${DRIVE}" b "$major" "$minor"
} 2>/dev/null

boot() {
  mount -t overlay -o ${quoted(lower)} overlay root || exit
  exec ${line(nspawnArguments(launch))}
}

run() {
  local code=1 nspawn
  rm -f ${files.ended} ${files.init} ${files.nspawn}
  echo $$ >${files.pid}
  enter_cgroup
  while make_disk && lay_seed && tidy_cgroup && network_up; do
    unshare --mount --propagation slave /bin/bash "$0" boot >>${files.console} 2>&1 </dev/null &
    nspawn=$!
    echo "$nspawn" >${files.nspawn}
    note_init "$nspawn" &
    wait "$nspawn"
    code=$?
    rm -f ${files.init} ${files.nspawn}
    wait
    if [[ -e ${files.reboot} ]]; then rm -f ${files.reboot} && code=${REBOOTED}; fi
    ((code == ${REBOOTED})) || break
  done
  network_down
  leave_cgroup
  echo "$code" >${files.ended}
}

case \${1:-} in
  run) run ;;
  boot) boot ;;
esac
`;
}
