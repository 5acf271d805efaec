# SPDX-License-Identifier: MIT
# One command each: demo, test, build, wheel, docs, bench, lint, tidy, sanitize, tsan, valgrind, clean. Everything else is set up on the way.
#
#   make demo [SMILES='CCO']     conformers, picture and dynamics into demo/
#   make test                    build everything and run all tests
#   make build                   the libraries and the Python package, into build/python
#   make wheel                   a wheel for pip on other Linux machines, into dist
#   make docs                    the documentation site, into build/docs
#   make bench [BENCH=--full]    time the benchmarks; a page about this machine into build/benchmarks.md
#   make lint                    the lints alone
#   make tidy [SINCE=COMMIT]     clang-tidy over the C++ files, or over those changed since a commit
#   make sanitize                all C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   make tsan                    the threads of the CPU platform under ThreadSanitizer
#   make valgrind                the portable path of the CPU platform under valgrind
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
JOBS ?= $(shell nproc)
BUILD := build
VENV := .venv
PYTHON_VENV := $(CURDIR)/$(VENV)/bin/python
PIP := $(VENV)/bin/pip --disable-pip-version-check install --quiet
CMAKE_ARGS ?=
configure = cmake -S . -B $(1) -G Ninja -DPython_EXECUTABLE="$(PYTHON_VENV)" \
	$$(command -v ccache >/dev/null && echo -DCMAKE_CXX_COMPILER_LAUNCHER=ccache) $(2) $(CMAKE_ARGS)
# $(call phase,name,commands): run the commands and print the time they took.
phase = @start=$$(date +%s); echo "== $(1)"; $(2); echo "== $(1): $$(( $$(date +%s) - start )) s"

.PHONY: demo test build wheel docs bench lint tidy sanitize tsan valgrind clean packages packages-test packages-wheel build-tests

demo: build
	$(call phase,demo,PYTHONPATH=$(BUILD)/python $(PYTHON_VENV) -m openmmorbit.demo --output demo $(if $(SMILES),--smiles '$(SMILES)'))

# ctest comes last, so that its summary closes the output.
test: build-tests
	@ctest --test-dir $(BUILD) --output-on-failure -j2

build: packages $(VENV)/.stamp-base
	$(call phase,configure,if [[ ! -f $(BUILD)/build.ninja ]]; then \
		$(call configure,$(BUILD),-DORBIT_BUILD_TRAINING=OFF -DORBIT_BUILD_TESTS=OFF); fi)
	$(call phase,compile,cmake --build $(BUILD) -j$(JOBS))

wheel: packages-wheel $(VENV)/.stamp-base $(VENV)/.stamp-torch $(VENV)/.stamp-gpu $(VENV)/.stamp-wheel
	$(call phase,wheel,CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) $(PYTHON_VENV) .ci/make_wheel.py)

docs: build $(VENV)/.stamp-docs
	$(call phase,documentation,PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PYTHONPATH="$(CURDIR)/$(BUILD)/python" $(PYTHON_VENV) -m sphinx \
		-W --keep-going -q -b html -c python/docs/site -d $(BUILD)/docs-pages . $(BUILD)/docs)
	@echo "$(BUILD)/docs/index.html"

build-tests: packages-test $(VENV)/.stamp-base $(VENV)/.stamp-test $(VENV)/.stamp-torch $(VENV)/.stamp-gpu
	$(call phase,configure,$(call configure,$(BUILD),-DORBIT_BUILD_TRAINING=ON -DORBIT_BUILD_TESTS=ON \
		-DORBIT_WARNINGS_AS_ERRORS=ON))
	$(call phase,compile,cmake --build $(BUILD) -j$(JOBS))

bench: build-tests
	$(call phase,compile benchmarks,cmake --build $(BUILD) -j$(JOBS) --target benchmarks)
	@$(PYTHON_VENV) -B tests/benchmarks/bench.py --build $(BUILD) $(BENCH)

lint: build-tests
	@ctest --test-dir $(BUILD) --output-on-failure -R '^Lint\.'

# The sources that the build compiles, those of tests included and generated ones not; those of platforms/cpu/src/isa need GCC.
tidy: build-tests
	@command -v clang-tidy >/dev/null || { echo "clang-tidy is missing: sudo apt-get install clang-tidy"; exit 1; }
	@comm -12 <($(if $(SINCE),git diff --name-only --diff-filter=d $(SINCE),git ls-files) -- '*.cpp' ':!platforms/cpu/src/isa' | sort) \
		<(sed -n 's|^  "file": "$(CURDIR)/\(.*\)",*$$|\1|p' $(BUILD)/compile_commands.json | sort -u) | \
		xargs -r -P$(JOBS) -n1 clang-tidy --quiet --warnings-as-errors='*' -p $(BUILD)

# $(call instrument,folder,options): a build without Python, in its own folder.
instrument = $(call configure,$(1),-DORBIT_BUILD_PYTHON=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DCMAKE_CXX_FLAGS_RELWITHDEBINFO='-O1 -g1' $(2))

sanitize: packages-test $(VENV)/.stamp-base $(VENV)/.stamp-test $(VENV)/.stamp-torch
	$(call phase,configure,$(call instrument,build-sanitize,-DORBIT_BUILD_TRAINING=ON -DORBIT_SANITIZE=address$(comma)undefined))
	$(call phase,compile,cmake --build build-sanitize -j$(JOBS))
	@ctest --test-dir build-sanitize --output-on-failure -j2 -E '^(Lint|Package)'

tsan: packages-test $(VENV)/.stamp-base $(VENV)/.stamp-test
	$(call phase,configure,$(call instrument,build-tsan,-DORBIT_BUILD_TRAINING=OFF -DORBIT_BUILD_CHEM=OFF -DORBIT_SANITIZE=thread))
	$(call phase,compile,cmake --build build-tsan -j$(JOBS) --target $(THREADED))
	@ctest --test-dir build-tsan --output-on-failure -R '^($(subst $(space),|,$(THREADED)))(\.CPU(\.bfloat16)?)?$$'

# Valgrind does not know all instructions of AVX-512. Very large molecules would take hours; leaks are the sanitizers' job.
valgrind: packages-test $(VENV)/.stamp-base $(VENV)/.stamp-test
	$(call phase,configure,$(call instrument,build-valgrind,-DORBIT_BUILD_TRAINING=OFF -DORBIT_BUILD_CHEM=OFF))
	$(call phase,compile,cmake --build build-valgrind -j$(JOBS) --target TestCpuKernel TestDenoiserKernel TestDenoiserSymmetry)
	@command -v valgrind >/dev/null || { echo "valgrind is missing: sudo apt-get install valgrind"; exit 1; }
	@for filter in 'TestCpuKernel --gtest_filter=*portable:-*LargeMolecules*' TestDenoiserKernel TestDenoiserSymmetry; do \
		ORBIT_CPU_ISA=portable valgrind --quiet --error-exitcode=1 build-valgrind/tests/bin/$$filter --platform=CPU; done

clean:
	rm -rf $(BUILD) build-* demo dist

packages:
	@.ci/packages
packages-test:
	@.ci/packages test
packages-wheel:
	@.ci/packages wheel

$(VENV)/.stamp-base: .ci/requirements.txt | packages
	@PYTHON="$(PYTHON)" .ci/venv
	$(call phase,Python packages,$(PIP) -r $<)
	@touch $@
$(VENV)/.stamp-test: .ci/requirements-test.txt $(VENV)/.stamp-base
	$(call phase,Python packages for the tests,$(PIP) -r $<)
	@touch $@
$(VENV)/.stamp-docs: .ci/requirements-docs.txt $(VENV)/.stamp-base
	$(call phase,Python packages for the documentation,$(PIP) -r $<)
	@touch $@
$(VENV)/.stamp-wheel: .ci/requirements-wheel.txt $(VENV)/.stamp-base
	$(call phase,Python packages for the wheel,$(PIP) -r $<)
	@touch $@
# LibTorch is used from C++ only: none of the packages that its Python half asks for.
$(VENV)/.stamp-torch: .ci/requirements-torch.txt $(VENV)/.stamp-base
	$(call phase,LibTorch,$(PIP) --no-deps -r $<)
	@touch $@
# OpenMM's CUDA and HIP libraries to link, and NVIDIA's compiler for the device sources: no driver, and none of the packages
# that only a device needs.
$(VENV)/.stamp-gpu: .ci/requirements-gpu.txt $(VENV)/.stamp-base
	$(call phase,OpenMM for GPUs,$(PIP) --no-deps -r $<)
	@touch $@

comma := ,
space := $(subst ,, )
THREADED := TestCpuKernel TestDenoiserKernel TestDenoiserSymmetry TestConformerGenerator TestOrbitDiffusionIntegrator
