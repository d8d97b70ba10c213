module ablestack.io/machines/cni-plugins

go 1.24.2

require github.com/containernetworking/plugins v1.8.0
