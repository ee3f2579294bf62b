"""Energy, area and leakage of on-chip memories by CACTI 7: makes energy/data/cacti7_sram_45nm.csv.

Build CACTI 7 from its sources (github.com/HewlettPackard/cacti) and run

    python3 scripts/cacti_sram.py CACTI_FOLDER > energy/data/cacti7_sram_45nm.csv

The fits of energy/src/component/memory.rs are tested against that file. With other devices or nodes it makes tables of other
processes; nothing in spikeloom needs CACTI to run.
"""

import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

NODE_UM = 0.045
COLUMNS = "bytes,word_bits,ports,banks,cell,kelvin,read_pj,write_pj,leak_uw,area_mm2,access_ns,cycle_ns"


def points():
    """Single-port memories over all sizes and words; ports, banks, devices and temperature at some of them."""
    plain = ("1rw", 1, "lstp", 300)
    for size in [2**n for n in range(10, 21)] + [2**22]:
        for word in (8, 16, 32, 64, 128, 256, 512):
            if size * 8 // word >= 64:
                yield (size, word, *plain)
    for size in (2048, 8192, 32768, 131072, 524288):
        for word in (16, 64, 256):
            if size * 8 // word >= 64:
                yield (size, word, "1r1w", 1, "lstp", 300)
                yield (size, word, "1rw", 4, "lstp", 300)
                yield (size, word, "1rw", 1, "lop", 300)
                yield (size, word, "1rw", 1, "hp", 300)
                yield (size, word, "1rw", 1, "lstp", 360)


def configuration(folder, size, word, ports, banks, cell, kelvin):
    """CACTI's own example with this memory: short access and little dynamic energy and cycle time weigh alike."""
    lines = (folder / "cache.cfg").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith(("//", "#")))
    replace = {
        r"-size \(bytes\) .*": f"-size (bytes) {size}",
        r"-block size.*": f"-block size (bytes) {word // 8}",
        r"-associativity.*": "-associativity 1",
        r"-technology \(u\).*": f"-technology (u) {NODE_UM}",
        r"itrs-hp": f"itrs-{cell}",
        r"bus width.*": f"bus width {word}",
        r"temperature.*": f"temperature (K) {kelvin}",
        r"-cache type.*": '-cache type "ram"',
        r'"true"': '"false"',
        r"-UCA bank count.*": f"-UCA bank count {banks}",
        r"-design objective.*": "-design objective (weight delay, dynamic power, leakage power, cycle time, area) 100:100:0:100:50",
        r"-deviate \(delay.*": "-deviate (delay, dynamic power, leakage power, cycle time, area) 100:200:100000:60:60",
        r"-Optimize ED.*": '-Optimize ED or ED^2 (ED, ED^2, NONE): "NONE"',
    }
    if ports == "1r1w":
        replace[r"-read-write port.*"] = "-read-write port 0"
        replace[r"-exclusive read port.*"] = "-exclusive read port 1"
        replace[r"-exclusive write port.*"] = "-exclusive write port 1"
    for pattern, value in replace.items():
        text = re.sub(pattern, value, text)
    return text


def evaluate(folder, point):
    """The row of a memory; None where CACTI finds no organization."""
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(configuration(folder, *point))
        file.flush()
        out = subprocess.run(["./cacti", "-infile", file.name], cwd=folder, capture_output=True, text=True).stdout
    number = r"([\d.e+-]+)"
    sides = re.search(rf"height x width \(mm\): {number} x {number}", out)
    if not sides:
        return None
    find = lambda label: float(re.search(rf"{label} *{number}", out)[1])
    figures = (
        find(r"read energy per access \(nJ\):") * 1e3,
        find(r"write energy per access \(nJ\):") * 1e3,
        (find(r"Total leakage power of a bank \(mW\):") + find(r"gate leakage power of a bank \(mW\):")) * 1e3,
        float(sides[1]) * float(sides[2]),
        find(r"Access time \(ns\):"),
        find(r"Cycle time \(ns\):"),
    )
    return ",".join([*map(str, point), *(f"{figure:.6g}" for figure in figures)])


def main():
    folder = Path(sys.argv[1]).resolve()
    print(COLUMNS)
    with ThreadPoolExecutor(2) as pool:
        for row in pool.map(lambda point: evaluate(folder, point), points()):
            if row:
                print(row, flush=True)


if __name__ == "__main__":
    main()
