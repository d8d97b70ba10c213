# shellcheck shell=bash disable=SC2034 # read by those that source it
# What each program is built from; sourced by programs.sh, which builds, and pin.sh, which fixes the versions.
#   $module    the folder with its go.mod
#   $main      the module whose version it goes by
#   $modules   all that are named in go.mod, at that version
#   $built     import paths, or a file
#   $own       what else of this folder goes in
#   $renamed   from=to, where Go's name for a program is not its own
#   $flags     how it learns its version
#   $taken     other files of $main that are needed
: "${cache?}" "${machines?}" "${jobs?}"

sources() { # NAME VERSION
  local name=$1 version=$2 place major minor
  module=modules/$name-$version modules=() own=() built=() renamed=() flags='' taken=()
  case $name in
    kubernetes)
      main=k8s.io/kubernetes
      built=("$main"/cmd/{kubeadm,kubelet,kubectl,kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy})
      IFS=. read -r major minor _ <<<"$version"
      for place in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags+=" -X $place.gitVersion=v$version -X $place.gitMajor=$major -X $place.gitMinor=$minor -X $place.gitTreeState=clean"
      done
      taken=(build/pause/linux/pause.c)
      ;;
    etcd)
      main=go.etcd.io/etcd/server/v3
      modules=(go.etcd.io/etcd/{server,etcdctl,etcdutl}/v3)
      built=("${modules[@]}")
      renamed=(server=etcd)
      ;;
    coredns)
      main=github.com/coredns/coredns
      own=(coredns.go)
      built=(../../coredns.go)
      ;;
    containerd)
      main=github.com/containerd/containerd/v2
      built=("$main"/cmd/{containerd,containerd-shim-runc-v2,ctr})
      flags="-X $main/version.Version=v$version"
      taken=(containerd.service)
      ;;
    cni-plugins)
      main=github.com/containernetworking/plugins
      built=("$main"/plugins/{main/{bridge,host-device,ipvlan,loopback,macvlan,ptp,vlan},ipam/{host-local,static},meta/{bandwidth,firewall,portmap,sbr,tuning,vrf}})
      flags="-X $main/pkg/utils/buildversion.BuildVersion=v$version"
      ;;
    node-routes | web-server)
      module=$name
      main=ablestack.io/machines/$name
      built=(.)
      ;;
    *) fail "$machines/sources.sh does not know $name" ;;
  esac
  ((${#modules[@]} > 0)) || modules=("$main")
}

# What the caller's environment says about other builds must not reach these; `direct` is dropped from GOPROXY because a module that
# the proxy lacks would otherwise be looked for in repositories all over the world.
prepare_go() {
  local proxy
  command -v go >/dev/null || fail 'no go on PATH: see https://go.dev/dl/'
  proxy=$(go env GOPROXY)
  [[ $proxy == direct ]] || proxy=${proxy%[,|]direct}
  mkdir -p "$cache"
  exec 8>"$cache/go-build.lock"
  flock -s 8 # Nobody clears Go's cache meanwhile (build.sh).
  export GOFLAGS='' GOWORK=off GOOS='' GOARCH='' CGO_ENABLED=0 GOTOOLCHAIN=local GOPROXY=$proxy GOMAXPROCS=$jobs GOCACHE=$cache/go-build
}
