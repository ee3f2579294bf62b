#!/usr/bin/env bash
# Installs the frameworks against which NIR files are compared, pinned, into a virtual environment (about 6 GB with PyTorch).
#
#     scripts/nir_environment.sh [FOLDER]          default: target/nir-environment
#     FOLDER/bin/python scripts/nir_frameworks.py
set -euo pipefail
folder=${1:-target/nir-environment}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet torch==2.15.0 snntorch==1.0.0 norse==1.1.0 sinabs==3.1.3 spikingjelly==2.0.0 h5py==3.16.0 numpy==2.4.6
# snnTorch asks for an older nir, with which its own exporter fails.
"$folder/bin/pip" install --quiet --no-deps nir==1.0.8 nirtorch==2.6
"$folder/bin/pip" install --quiet "$(dirname "$0")/../python"
