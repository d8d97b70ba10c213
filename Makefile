# make help tells what there is. GNU make 3.81 or newer; recipes are sh, longer ones are scripts in .toolchain/.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help up down preview kubeconfig env reset up-terraform down-terraform env-terraform terraform-mirror install build lint test test-real test-real-full generate stale bench clean

# HYPERVISOR: the machines of `make up`, simulated (default) or nspawn: containers that boot (Linux, root). KUBERNETES: up to which
# version ISOs are made for these. BRIEF=1: of `make test-real` what needs one minor alone.
# AGAIN: test files that `make test-real-full` runs once more, into the report that is there. OPENTOFU=1: `make test` builds OpenTofu where
# there is none (some minutes, once) and tries it, too. BENCH: which groups `make bench` measures, all by default (tests/bench/run.ts).
export HYPERVISOR KUBERNETES BRIEF VERSIONS MOLD_PORT MOLD_RANGE MOLD_FLAGS PULUMI_FLAGS TERRAFORM TERRAFORM_FLAGS STATE STACK EXAMPLE

modules := node_modules/.stamp
built := dist/.stamp
sources := $(shell find provider sdk schema -type f)
example := .toolchain/example

help: ## this list
	@echo 'make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do printf '  %-17s %s\n' "$$name" "$$text"; done

up: $(built) ## the example on the embedded Mold, by the real pulumi up (or on the Mold the stack is configured for)
	@$(example)/up.sh

preview: $(built) ## what make up would do now
	@$(example)/preview.sh

down: $(built) ## destroy the example and stop the embedded Mold
	@$(example)/down.sh

kubeconfig: ## print the example's kubeconfig:   make -s kubeconfig > kubeconfig
	@$(example)/kubeconfig.sh

env: ## print a shell's settings for pulumi on the example:   eval "$(make -s env)"
	@$(example)/env.sh

reset: $(built) ## throw the embedded Mold and the example's stack away, whatever is in them
	@$(example)/reset.sh

up-terraform: $(built) ## the example in CDKTF on an embedded Mold of its own, by the real terraform apply (or tofu's)
	@$(example)/terraform/up.sh

down-terraform: $(built) ## destroy that, and stop its embedded Mold
	@$(example)/terraform/down.sh

env-terraform: ## print a shell's settings for terraform on that example:   eval "$(make -s env-terraform)"
	@$(example)/terraform/env.sh

install: $(modules) ## the packages in package-lock.json, as locked

build: $(built) ## compile to dist/

lint: $(modules) ## types, rules, layers
	@node .toolchain/checks.mjs types lint

terraform-mirror: $(modules) ## the Terraform provider, in a folder that terraform init installs it from: dist/terraform
	@node .toolchain/terraform/mirror.mjs dist/terraform >/dev/null
	@echo 'provider_installation {'
	@echo '  filesystem_mirror {'
	@echo '    path    = "$(CURDIR)/dist/terraform"'
	@echo '    include = ["registry.terraform.io/ablestack/*", "registry.opentofu.org/ablestack/*"]'
	@echo '  }'
	@echo '  direct {'
	@echo '    exclude = ["registry.terraform.io/ablestack/*", "registry.opentofu.org/ablestack/*"]'
	@echo '  }'
	@echo '}'

test: $(built) ## every check there is, with the real Pulumi engine
	@[ -z "$(OPENTOFU)" ] || .toolchain/terraform/find-tofu.sh >/dev/null
	@PATH="$$(.toolchain/pulumi/find.sh):$$PATH" && export PATH && node .toolchain/checks.mjs

test-real: $(built) ## the tests on machines that boot (Linux, root; builds Kubernetes the first time)
	@PATH="$$(.toolchain/pulumi/find.sh):$$PATH" && export PATH && .toolchain/machines/test-real.sh

test-real-full: $(built) ## all of them, an hour or more; writes tests/real/RESULTS.md
	@PATH="$$(.toolchain/pulumi/find.sh):$$PATH" && export PATH && .toolchain/machines/test-real.sh $(if $(AGAIN),again $(AGAIN),full)

generate: $(modules) ## what is made from the declarations and the recorded catalogue
	@npm run --silent generate

stale: $(modules)
	@node .toolchain/stale.mjs

bench: $(built) ## measure; writes .bench/results.json
	@PATH="$$(.toolchain/pulumi/find.sh):$$PATH" && export PATH && npx tsx tests/bench/run.ts $(BENCH)

clean: ## remove what make build and make test made (not .state/: see reset)
	@rm -rf dist .bench .state/checks node_modules/.cache

# Only when what lies there is not what the lock file says. `npm ci` would be the word for it, but it refuses a lock file that lacks
# other systems' optional packages, and one that was written where the registry doesn't serve those lacks them
# (https://github.com/npm/cli/issues/4828). With --no-save the locked versions and checksums hold all the same.
$(modules): package.json package-lock.json
	@node .toolchain/installed.mjs || { echo '==> npm install' >&2; npm install --no-save --no-audit --no-fund; }
	@touch $@

$(built): $(modules) tsconfig.json .config/tsconfig.build.json $(sources)
	@echo '==> building' >&2
	@npm run --silent build
	@chmod +x dist/provider/emulator/bin.js dist/provider/cli/bin.js
	@touch dist/.tsbuildinfo $@
