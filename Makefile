# make demo    train a small network, convert, build and run it in an emulator
# make test    lint and the whole test suite
# make bench   measure whole models again and rewrite the tables of docs/PERFORMANCE.md
# make lint    lint only
# make clean   remove what these made (the environment .venv stays)
PYTHON ?= python3
BIN := .venv/bin
OUT := demo-out
QMCU := $(BIN)/qmcu

.PHONY: demo test bench lint clean tools
.DELETE_ON_ERROR:

tools:
	@toolchain/setup/install-tools

# One stamp per set of packages: a second run finds it newer than pyproject.toml.
.venv/.installed-%: pyproject.toml | tools
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the Python packages for $* into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(OUT)/digits.keras: examples/digits/train.py | .venv/.installed-demo
	@mkdir -p $(OUT)
	@$(BIN)/python examples/digits/train.py $(OUT) 2> $(OUT)/train.log \
		|| { cat $(OUT)/train.log >&2; exit 1; }

$(OUT)/digits.tflite: $(OUT)/digits.keras
	@$(QMCU) convert $< --calibration $(OUT)/calibration.npz -o $@

$(OUT)/vectors.npz: $(OUT)/digits.tflite
	@$(QMCU) vectors make $< --inputs $(OUT)/test.npz -o $@

demo: tools .venv/.installed-demo $(OUT)/vectors.npz
	@$(QMCU) build $(OUT)/digits.tflite --board stm32f746 -o $(OUT)/firmware
	@$(QMCU) report $(OUT)/firmware --json $(OUT)/memory.json
	@$(QMCU) test $(OUT)/firmware --on unicorn --vectors $(OUT)/vectors.npz \
		--json $(OUT)/result.json --junit $(OUT)/result.xml

lint: .venv/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: tools lint
	-@toolchain/setup/install-tools --for-tests
	$(BIN)/pytest --numprocesses auto

bench: tools .venv/.installed-test
	$(BIN)/python -m bench.performance

clean:
	rm -rf build dist $(OUT) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find toolchain tests bench examples -name __pycache__ -type d -exec rm -rf {} +
