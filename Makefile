# Every command of the project. CI runs these targets and nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Everything that Ansible, ansible-lint and Molecule keep stays in the clone: two clones share nothing.
export ANSIBLE_HOME := $(CURDIR)/.ansible
# The tests start daemons, and Debian's default path of a user has no sbin.
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
# Ansible refuses to start without a UTF-8 locale, and this one exists on every Debian.
export LC_ALL := C.UTF-8

# The tests use a classroom of their own: its name and its subnet follow from the path of the clone.
CLONE := $(shell printf %s '$(realpath $(CURDIR))' | sha256sum | cut -c1-8)
export BULKHEAD_TEST_NAME ?= bulkhead-$(CLONE)
export BULKHEAD_TEST_SUBNET ?= $(shell h=$(CLONE); echo 10.$$((64 + 0x$${h:0:2} % 64)).$$((0x$${h:2:2})).0/24)

# A stamp carries the digest of what it stands for: unchanged requirements in an unmoved clone cost nothing.
SETUP := .venv/.setup-$(shell { cat requirements.txt; pwd -P; } | sha256sum | cut -c1-16)
SETUP_DEV := .venv/.setup-dev-$(shell { cat requirements.txt requirements-dev.txt; pwd -P; } | sha256sum | cut -c1-16)

# What the tests use of Debian: the native engine and registry, a static root file system, tools to look from outside.
DEV_PACKAGES := apache2-utils busybox-static chromium curl docker-registry docker.io git iproute2 openscap-scanner openssh-server openssl podman \
	procps shellcheck skopeo
# A test that starts an engine needs root. The path is set by env, because sudo has one of its own.
KEPT := ANSIBLE_HOME,LC_ALL,BULKHEAD_TEST_NAME,BULKHEAD_TEST_SUBNET
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env=$(KEPT) env "PATH=$(PATH)")
BENCH := env PYTHONPATH=collections PYTHONDONTWRITEBYTECODE=1 python -m ansible_collections.bulkhead.classroom.tests.bench
# Extra words for the command of a target: make classroom ARGS="--check --diff"
ARGS ?=
# A folder with docker-bench-security, for those who want to be compared with it.
DOCKER_BENCH ?=

.PHONY: help setup setup-dev classroom verify status destroy clean-cache
.PHONY: test lint lint-yaml lint-ansible lint-python lint-types lint-docs unit sanity integration molecule bench bench-modules bench-isolation bench-probes bench-classroom compare docs build

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) ## Make .venv with what the controller needs
	@scripts/packages.sh openssh-client openssl

setup-dev: setup $(SETUP_DEV) ## Add what the tests need: Python packages and Debian packages
	@scripts/packages.sh $(DEV_PACKAGES)

$(SETUP):
	scripts/venv.sh requirements.txt $@

$(SETUP_DEV): $(SETUP)
	scripts/venv.sh requirements-dev.txt $@

classroom: setup ## Set everything up and run site.yml: the classroom, verified
	ansible-playbook site.yml $(ARGS)

verify: setup ## Read the boundaries from the kernel again and judge them
	ansible-playbook playbooks/verify.yml $(ARGS)

status: setup ## Show machines, images and workspaces on one screen
	ansible-playbook playbooks/status.yml $(ARGS)

destroy: setup ## Remove what site.yml made, keep the image cache
	ansible-playbook playbooks/destroy.yml $(ARGS)

clean-cache: setup ## Remove the image cache too
	ansible-playbook playbooks/clean_cache.yml $(ARGS)

test: setup-dev ## Run every test, cheap ones first
	@scripts/stages.sh lint unit build sanity integration molecule

lint: setup-dev ## yamllint, ansible-lint, ruff, mypy, generated tables
	@$(MAKE) --keep-going lint-yaml lint-ansible lint-python lint-types lint-docs

lint-yaml:
	yamllint --strict .

lint-ansible:
	ansible-lint

lint-python:
	ruff check --quiet . && ruff format --check --quiet --diff .

lint-types:
	mypy --package ansible_collections.bulkhead.classroom.plugins.module_utils

lint-docs:
	python scripts/role_tables.py --check
	PYTHONPATH=collections PYTHONDONTWRITEBYTECODE=1 python scripts/check_tables.py --check

unit: setup-dev ## Tests of the pure code, of the roles' contracts and of the house rules
	pytest tests/unit $(ARGS)

sanity: setup-dev ## ansible-test sanity on a copy of the tree
	scripts/sanity.sh $(ARGS)

integration: setup-dev ## The modules against a native engine and registry
	$(AS_ROOT) env PYTHONDONTWRITEBYTECODE=1 pytest tests/integration $(ARGS)

molecule: setup-dev ## The whole classroom on machines of its own
	scripts/molecule.sh $(ARGS)

bench: setup-dev ## Measure everything that has a limit, against peers and floors
	@$(MAKE) --keep-going bench-modules bench-isolation bench-probes bench-classroom

bench-modules: setup-dev ## The modules against a loop of community.docker, the bare SDK and the engine's client
	mkdir -p reports
	$(AS_ROOT) $(BENCH) modules

bench-isolation: setup-dev ## Facts and verdict of 10 to 500 containers against the bare SDK (DOCKER_BENCH=folder: docker-bench-security too)
	mkdir -p reports
	$(AS_ROOT) $(BENCH) isolation $(DOCKER_BENCH)

bench-probes: setup-dev ## What the probes of a twin cost beyond the twin itself
	mkdir -p reports
	$(AS_ROOT) $(BENCH) probes

bench-classroom: setup-dev ## The speed of site.yml as multiples of one boot
	$(BENCH) classroom $(ARGS)

compare: setup-dev ## Verdicts of Bulkhead and of docker-bench-security (DOCKER_BENCH=folder) on the same containers, as docs/compare.md
	mkdir -p reports
	$(AS_ROOT) $(BENCH).compare $(DOCKER_BENCH)

docs: setup-dev ## Write the tables of the roles' READMEs and docs/checks.md from specifications and checks
	python scripts/role_tables.py
	PYTHONPATH=collections PYTHONDONTWRITEBYTECODE=1 python scripts/check_tables.py

build: setup ## Build the collection, install it elsewhere and look a playbook up in it
	@scripts/build.sh
