# shellcheck shell=bash
# Container images without a container engine: docker-archive files as `ctr images import` reads them, with layers that are not
# compressed; sourced. The same content gives the same bytes, so that images share layers, and two builds have the same digest.
: "${new:?}" "${architecture:?}"

layers=$new/layers # of the run in hand; removed at its end

# layer FOLDER: keeps it as a layer and prints its digest.
layer() {
  local file digest
  mkdir -p "$layers"
  file=$(mktemp -p "$layers")
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$file" -C "$1" .
  digest=$(sha256sum <"$file" | cut -c -64)
  chmod 644 "$file"
  mv "$file" "$layers/$digest.tar"
  printf '%s\n' "$digest"
}

# archive FILE REFERENCE ENTRYPOINT SOURCE LAYER...: the entry point as a JSON array; the source is kept in the image as a label.
archive() {
  local file=$1 reference=$2 entrypoint=$3 source=$4 folder config digest name
  shift 4
  folder=$(mktemp -d -p "$layers")
  config=$(jq -cn --arg architecture "$architecture" --argjson entrypoint "$entrypoint" --arg source "$source" '{
    architecture: $architecture, os: "linux", created: "1970-01-01T00:00:00Z",
    config: ({ Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], Labels: { "lab.invalid/built-from": $source } }
      + (if $entrypoint == [] then {} else { Entrypoint: $entrypoint } end)),
    rootfs: { type: "layers", diff_ids: [$ARGS.positional[] | "sha256:" + .] },
    history: [$ARGS.positional[] | { created: "1970-01-01T00:00:00Z", created_by: $source }]
  }' --args "$@")
  name=$(printf '%s' "$config" | sha256sum | cut -c -64)
  printf '%s' "$config" >"$folder/$name.json"
  jq -cn --arg config "$name.json" --arg reference "$reference" \
    '[{ Config: $config, RepoTags: [$reference], Layers: [$ARGS.positional[] | . + ".tar"] }]' --args "$@" >"$folder/manifest.json"
  for digest in "$@"; do ln "$layers/$digest.tar" "$folder/"; done
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --hard-dereference -cf "$file" -C "$folder" .
  rm -rf "$folder"
}

# What nearly every program expects of a file system: users, a place for temporary files, the authorities of the web.
base_layer() { # ROOTFS
  local folder
  folder=$(mktemp -d "$new/base.XXXXXX")
  chmod 755 "$folder"
  install -d "$folder/etc/ssl/certs"
  install -d -m 1777 "$folder/tmp"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n' >"$folder/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\n' >"$folder/etc/group"
  install -m 644 "$1/etc/ssl/certs/ca-certificates.crt" "$folder/etc/ssl/certs/"
  layer "$folder"
  rm -rf "$folder"
}

# Debian's iptables (by nftables) and nft, with every library that they and their extensions load.
packet_filter_layer() { # ROOTFS
  local root=$1 folder file link libraries
  folder=$(mktemp -d "$new/filter.XXXXXX")
  chmod 755 "$folder"
  libraries=$(cd "$root" && find usr/lib -type d -name xtables)
  install -d "$folder"/usr/{sbin,lib,lib64} "$folder/run" "$folder/${libraries%/*}"
  for link in lib lib64; do [[ ! -L $root/$link ]] || cp -P "$root/$link" "$folder/"; done
  install -m 755 "$root"/usr/sbin/{xtables-nft-multi,nft,conntrack} "$folder/usr/sbin/"
  for link in {iptables,ip6tables}{,-save,-restore}; do ln -s xtables-nft-multi "$folder/usr/sbin/$link"; done
  cp -r "$root/$libraries" "$folder/${libraries%/*}/"
  # The loader by its own name, too.
  for file in $(chroot "$root" sh -c "ldd /usr/sbin/xtables-nft-multi /usr/sbin/nft /usr/sbin/conntrack /$libraries/*.so" |
    sed -n 's/^\t.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) (.*/\1/p' | sort -u); do
    install -D -m 755 "$root/$file" "$folder/$file"
  done
  layer "$folder"
  rm -rf "$folder"
}

# A layer with the programs given, each PATH-IN-THE-IMAGE=FILE.
programs_layer() {
  local folder pair
  folder=$(mktemp -d "$new/programs.XXXXXX")
  chmod 755 "$folder"
  for pair in "$@"; do install -D -m 755 "${pair#*=}" "$folder/${pair%%=*}"; done
  layer "$folder"
  rm -rf "$folder"
}
