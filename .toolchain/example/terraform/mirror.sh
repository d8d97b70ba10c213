#!/usr/bin/env bash
#
# `make terraform-mirror`: a folder that Terraform and OpenTofu install the provider from, and on stdout what has to stand in the file
# that TF_CLI_CONFIG_FILE names (~/.terraformrc, ~/.tofurc by default) for that.
#
#   MIRROR    the folder (default .state/mirror)
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
mirror=${MIRROR:-$root/.state/mirror}
[[ $mirror == /* ]] || mirror=$root/$mirror
node "$root/.toolchain/terraform/mirror.mjs" "$mirror" >/dev/null
say "the provider is in $mirror; these settings are for ~/.terraformrc or ~/.tofurc:"
mirror_settings "$mirror"
