#!/bin/sh
#
# Prints the path of the engine that runs the provider: $TERRAFORM, else terraform, else tofu of PATH. Exit code 1: there is none
# (find-tofu.sh builds one).
for name in ${TERRAFORM:-terraform tofu}; do
  command -v "$name" && exit 0
done
echo 'neither Terraform nor OpenTofu is on PATH (TERRAFORM names another one; .toolchain/terraform/find-tofu.sh builds OpenTofu)' >&2
exit 1
