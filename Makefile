# Every target works from a fresh clone: it installs and builds what it needs.
SHELL := /bin/bash
NPM := npm --silent --no-update-notifier

.PHONY: help install build generate check test test-long soak demo bench compare e2e controlplane helm sbom image clean
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

install: node_modules/.installed ## Install the pinned packages (and Node 24 with them)
node_modules/.installed: package.json package-lock.json .npmrc examples/cdk8s/package.json
	@echo "installing packages …"
	@npm ci --no-update-notifier --loglevel=error
	@cd examples/cdk8s && npm install --no-update-notifier --loglevel=error
	@touch $@

build: install ## Bundle the programs into dist/
	@$(NPM) run build

generate: install ## Write the generated files (crds/, chart, deploy/, parts of docs/); takes Helm
	@$(NPM) run generate

check: install ## Types, lint and arrows, format, generated files
	@echo "check: types";     $(NPM) run types
	@echo "check: lint";      $(NPM) run lint
	@echo "check: format";    $(NPM) run format:check
	@echo "check: generated"; $(NPM) run generated

controlplane: install ## Have the binaries of a real control plane (builds them once, some minutes)
	@$(NPM) run controlplane

helm: install ## Have Helm (builds it once, some minutes)
	@$(NPM) run helm

test: check build controlplane helm ## Check, then all tests; the last line counts them
	@$(NPM) run test

test-long: check build controlplane helm ## The same random tests in their thousands, and the soak (hours)
	@MSPOPERATOR_LONG=1 MSPOPERATOR_SOAK_SECONDS=$(SOAK_SECONDS) HIERARCHY_RUNS=2000 $(NPM) run test -- operator/hierarchy test/fuzz test/promises test/runtime test/soak

SOAK_SECONDS ?= 3600
soak: build controlplane ## An hour of churn and faults: heap, timers, sockets, files over time (SOAK_SECONDS=n)
	@MSPOPERATOR_SOAK_SECONDS=$(SOAK_SECONDS) $(NPM) run test -- --project cluster test/soak

demo: build controlplane ## A synchronized MSP hierarchy in a real API server, to look at
	@$(NPM) run demo

bench: build controlplane ## 10,000 companies: time, CPU, memory, against the API server's own speed
	@$(NPM) run bench

compare: install controlplane ## This runtime beside @kubernetes/client-node, in one run: docs/runtime-comparison.md
	@$(NPM) run compare

e2e: build ## The image, run by a kubelet: see docs/e2e.md (root, packages of the machine; E2E_CLUSTER=kind)
	@$(NPM) run e2e

sbom: install ## The packages in the bundle, as CycloneDX, in dist/sbom.cdx.json
	@mkdir -p dist
	@npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx --sbom-type=application --loglevel=error > dist/sbom.cdx.json

IMAGE ?= eset-msp-operator:dev
image: ## The image, with docker (IMAGE=name:tag)
	docker build --tag $(IMAGE) --build-arg SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) --build-arg REVISION=$$(git rev-parse HEAD) .

clean: ## Remove what was built here
	rm -rf dist node_modules coverage examples/cdk8s/dist examples/cdk8s/node_modules
