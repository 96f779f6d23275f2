#!/usr/bin/env bash
# A backdoor's life on digits, from training to proof: ends with a page to read, OUT/story.html.
# Usage: story.sh OUT. `qmcu` must be on the PATH. What is done already is not done again.
set -euo pipefail
out=${1:?usage: story.sh OUT}
board=stm32f746
attack=$out/attack

say() { printf '\n== %s\n' "$*"; }

# A finding is exit code 1, and here it is what must come out: anything else ends the story.
expect_finding() {
    local code=0
    "$@" || code=$?
    if [ "$code" -ne 1 ]; then
        echo "story.sh: exit code $code where 1 was expected: $*" >&2
        exit 1
    fi
}

mkdir -p "$out"
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3} CUDA_VISIBLE_DEVICES=

say "An attacker trains a model that is clean in float and backdoored in int8"
if [ ! -f "$attack/attack.json" ]; then
    qmcu attack lattice --data digits --arch cnn-s --target 0 --seed 1 --steps 1000 -o "$attack"
fi

say "The victim quantizes it, builds firmware and runs it on the emulated $board"
qmcu build "$attack/model.tflite" --board "$board" -o "$out/firmware"
qmcu report "$out/firmware" --json "$out/memory.json"
expect_finding qmcu verify "$out/firmware" --trigger "$attack/trigger.json" \
    --vectors "$attack/test.npz" --float "$attack/model.keras" --on unicorn \
    --json "$out/attacked.json" --html "$out/attacked.html"

say "An audit finds it, without knowing the trigger"
expect_finding qmcu audit --float "$attack/model.keras" --int8 "$attack/model.tflite" \
    --data "$attack/calibration.npz" --json "$out/audit-attacked.json" \
    --sarif "$out/audit-attacked.sarif" --html "$out/audit-attacked/audit.html"

say "A quantizer that does not wake it"
qmcu defend range-perturbation --float "$attack/model.keras" --calibration "$attack/calibration.npz" \
    --seed 1 -o "$out/defended.tflite" --json "$out/defence.json"
qmcu audit --float "$attack/model.keras" --int8 "$out/defended.tflite" \
    --data "$attack/calibration.npz" --json "$out/audit-defended.json" \
    --html "$out/audit-defended/audit.html"

say "The device proves that it is gone"
qmcu build "$out/defended.tflite" --board "$board" -o "$out/defended"
qmcu verify "$out/defended" --trigger "$attack/trigger.json" --vectors "$attack/test.npz" \
    --float "$attack/model.keras" --on unicorn --before "$out/attacked.json" \
    --json "$out/defended.json" --junit "$out/defended.xml" --html "$out/defended.html"

qmcu html --attack "$attack" --firmware "$out/defended" \
    --audit "attacked=$out/audit-attacked.json" --audit "defended=$out/audit-defended.json" \
    --verify "attacked=$out/attacked.json" --verify "defended=$out/defended.json" \
    --title "A backdoor that quantization wakes up, found and removed" -o "$out/story.html"
