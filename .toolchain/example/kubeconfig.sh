#!/usr/bin/env bash
#
# `make -s kubeconfig`: the example's kubeconfig on stdout, and nothing else there. It is a secret: whoever has it is the
# cluster's administrator.
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
[[ -s $passphrase ]] || fail "there is no stack in $state: make up first"
engine 2>/dev/null || engine
pulumi_here stack output --stack "$stack" --show-secrets kubeconfig
