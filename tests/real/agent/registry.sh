#!/bin/bash
# A registry on this machine's own 127.0.0.1:5000 that gives one image, team/pause:1, to whoever knows the password.
#   registry.sh USER PASSWORD
set -Eeuo pipefail
dir=/root/registry
mkdir -p "$dir"
# --local: containerd's transfer service loses the end of it at times (https://github.com/containerd/containerd/pull/12968).
ctr -n k8s.io images export --local --platform linux/amd64 "$dir/image.tar" "$(ctr -n k8s.io images list -q | grep '/pause:' | head -n 1)"
tar -xf "$dir/image.tar" -C "$dir"
jq -r '.manifests[0].digest' "$dir/index.json" >"$dir/manifest"
jq -r '.manifests[0].mediaType' "$dir/index.json" >"$dir/type"
printf '%s' "$1:$2" | base64 -w0 >"$dir/credentials"
cat >"$dir/answer" <<'END'
#!/bin/bash
# One request on stdin, its answer on stdout.
dir=/root/registry
read -r method path _
given=''
while IFS= read -r line && line=${line%$'\r'} && [[ -n $line ]]; do
  case ${line,,} in 'authorization: basic '*) given=${line#*asic } ;; esac
done
reply() { # status, file or nothing, further header lines
  printf 'HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %s\r\n' "$1" "$([[ -z $2 ]] && echo 0 || stat -Lc %s "$2")"
  (($# < 3)) || printf '%s\r\n' "${@:3}"
  printf '\r\n'
  [[ -z $2 || $method == HEAD ]] || cat "$2"
}
if [[ $given != "$(cat "$dir/credentials")" ]]; then
  reply '401 Unauthorized' '' 'WWW-Authenticate: Basic realm="registry"'
  exit
fi
manifest=$(cat "$dir/manifest")
case $path in
  */manifests/*) reply '200 OK' "$dir/blobs/sha256/${manifest#*:}" "Content-Type: $(cat "$dir/type")" "Docker-Content-Digest: $manifest" ;;
  */blobs/sha256:*) reply '200 OK' "$dir/blobs/sha256/${path##*:}" 'Content-Type: application/octet-stream' ;;
  *) reply '200 OK' '' ;;
esac
END
chmod 755 "$dir/answer"
systemd-run --quiet --unit=registry socat TCP-LISTEN:5000,bind=127.0.0.1,fork,reuseaddr "EXEC:$dir/answer"
