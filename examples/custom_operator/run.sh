#!/bin/sh
# A model with a custom operator, built and compared on an emulated board: run.sh [FOLDER]
set -e
here=$(dirname "$0")
out=${1:-custom-operator-out}
mkdir -p "$out"
python "$here/make_model.py" "$out/peaks.tflite"
qmcu inspect "$out/peaks.tflite" --operator "$here/peak_hold.toml"
qmcu build "$out/peaks.tflite" --operator "$here/peak_hold.toml" --board stm32f746 -o "$out/firmware"
qmcu test "$out/firmware" --operator "$here/peak_hold.toml" --on unicorn --random 5 --trace
