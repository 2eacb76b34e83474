"""The binary on a processor without AVX-512: valgrind's, whatever is beneath it. A wider instruction anywhere on the way
ends the program.

    no_avx512_test.py CODA
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
VALGRIND = ["valgrind", "--tool=none", "--quiet", "--error-exitcode=99"]


def run(coda, *arguments):
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "CODA_GPU_POLICY": "off", "CODA_RUNTIME_THREADS": "2", "CODA_LLM_CONTEXT": "256",
                       "CODA_CACHE_DIR": cache}
        environment.pop("CODA_CPU", None)
        done = subprocess.run([*VALGRIND, coda, "--json", *arguments], env=environment, capture_output=True, text=True,
                              check=False)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-2000:]}"
    return json.loads(done.stdout.splitlines()[-1])


def main():
    coda = sys.argv[1]
    if not shutil.which("valgrind"):
        print("skipped: valgrind is missing")
        return SKIPPED
    written = run(coda, "bench", "llm", "--prompt", "8", "--generate", "3", "--rounds", "1")
    assert "AVX2" in written["device"]["name"] and "AVX-512" not in written["device"]["name"], written["device"]
    assert written["generated_tokens"] == 3, written
    return 0


if __name__ == "__main__":
    sys.exit(main())
