# make demo    a backdoor from training to proof on an emulated board; ends with demo-out/story.html
# make example train a small network, convert, build and run it in an emulator
# make test    lint and the whole test suite
# make test-quick  a part of it in some five minutes
# make bench   measure whole models again and rewrite the tables of docs/PERFORMANCE.md
# make matrix  attacks, detectors and defences against each other: hours, resumable; docs/BACKDOORS.md
# make matrix-quick  a small part of it, in minutes
# make trial  models kept apart from detectors: hours, resumable; docs/BACKDOORS.md has what audits them
# make images BASE=COMMIT MODELS=FOLDER  the same firmware as another commit makes, byte for byte?
# make mutation   small faults in the code, and whether the quick tests notice; docs/TESTING.md
# make site    the documentation as a site, in build/site; its notebooks are run
# make fuzz MINUTES=30  mutated input for every reader, and the protocols under sanitizers; docs/SECURITY.md
# make lint    lint only
# make clean   remove what these made (the environment .venv stays)
PYTHON ?= python3
BIN := .venv/bin
OUT := demo-out
MINUTES := 30
QMCU := $(BIN)/qmcu

.PHONY: fuzz demo example test test-quick bench matrix matrix-quick trial mutation images site lint clean tools
.DELETE_ON_ERROR:

tools:
	@toolchain/setup/install-tools

# One stamp per set of packages: a second run finds it newer than pyproject.toml.
.venv/.installed-%: pyproject.toml | tools
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the Python packages for $* into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

demo: tools .venv/.installed-demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/backdoor/story.sh $(OUT)

$(OUT)/digits/digits.keras: examples/digits/train.py | .venv/.installed-demo
	@mkdir -p $(@D)
	@$(BIN)/python examples/digits/train.py $(@D) 2> $(@D)/train.log \
		|| { cat $(@D)/train.log >&2; exit 1; }

$(OUT)/digits/digits.tflite: $(OUT)/digits/digits.keras
	@$(QMCU) convert $< --calibration $(@D)/calibration.npz -o $@

$(OUT)/digits/vectors.npz: $(OUT)/digits/digits.tflite
	@$(QMCU) vectors make $< --inputs $(@D)/test.npz -o $@

example: tools .venv/.installed-demo $(OUT)/digits/vectors.npz
	@$(QMCU) build $(OUT)/digits/digits.tflite --board stm32f746 -o $(OUT)/digits/firmware
	@$(QMCU) report $(OUT)/digits/firmware --json $(OUT)/digits/memory.json
	@$(QMCU) test $(OUT)/digits/firmware --on unicorn --vectors $(OUT)/digits/vectors.npz \
		--json $(OUT)/digits/result.json --junit $(OUT)/digits/result.xml
	@PATH="$(CURDIR)/$(BIN):$$PATH" examples/custom_operator/run.sh $(OUT)/custom_operator

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find firmware -name '*.[ch]' | xargs $(BIN)/clang-format --dry-run --Werror
	$(BIN)/mypy

test: tools lint
	-@toolchain/setup/install-tools --for-tests
	$(BIN)/pytest --numprocesses auto --dist loadfile --durations 15

# What trains networks, builds a firmware for each board, or emulates for long is left out.
SLOW_TESTS := backdoor/attacks backdoor/defences backdoor/detectors backdoor/networks bench builder ci \
	device e2e export firmware frontier report/html test_pytest_plugin.py

test-quick: .venv/.installed-test
	$(BIN)/pytest --numprocesses auto -m "not slow" $(SLOW_TESTS:%=--ignore=tests/%)

bench: tools .venv/.installed-test
	$(BIN)/python -m bench.performance

matrix: tools .venv/.installed-bench
	$(BIN)/python -m bench.backdoor

matrix-quick: tools .venv/.installed-bench
	$(BIN)/python -m bench.backdoor --quick --zoo build/zoo-quick --results build/matrix-quick

trial: tools .venv/.installed-bench
	$(BIN)/python -m bench.backdoor.trial

site: tools .venv/.installed-site
	NO_MKDOCS_2_WARNING=1 QMCU_SITE_EXECUTE=true PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/mkdocs build --quiet --config-file site/mkdocs.yml
	@echo "build/site is done; to read it: python3 -m http.server -d build/site"

mutation: .venv/.installed-test
	$(BIN)/python -m bench.mutation --document

fuzz: tools .venv/.installed-test
	$(BIN)/python -m bench.fuzz --minutes $(MINUTES)

images: tools .venv/.installed-test
	@test -n "$(BASE)" -a -n "$(MODELS)" || { echo "give BASE=COMMIT and MODELS=FOLDER"; exit 2; }
	rm -rf build/images-base && git worktree prune
	git worktree add --detach build/images-base $(BASE)
	$(BIN)/python -m bench.images build/images-base . $(MODELS) --json build/images.json

clean:
	rm -rf build dist $(OUT) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find toolchain tests bench examples -name __pycache__ -type d -exec rm -rf {} +
