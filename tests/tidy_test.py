"""tidy.py finds each break of a rule, and nothing in a tree that keeps them."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402

HEADER = "// What it is for.\n#pragma once\n"


class Tidy(unittest.TestCase):
    def complaints(self, **files):
        """What tidy says of a tree with these files ("/" is written as "__", "." as "_dot_")."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "fuzz").mkdir()
            (root / "fuzz/CMakeLists.txt").write_text("")
            for name, text in files.items():
                path = root / name.replace("__", "/").replace("_dot_", ".")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                tidy.check_all(root)
            return out.getvalue()

    def test_a_tidy_tree_has_no_complaint(self):
        self.assertEqual(self.complaints(src__audio__wav_dot_h=HEADER + '#include "base/result.h"\n',
                                         src__app__main_dot_cpp='#include "audio/wav.h"\n'), "")

    def test_each_rule_is_held(self):
        cases = {
            "base may not include audio": {"src__base__a_dot_cpp": '#include "audio/wav.h"\n'},
            "audio may not include assistant": {"src__audio__a_dot_cpp": '#include "assistant/engine.h"\n'},
            "is no room": {"src__kitchen__a_dot_cpp": "\n"},
            "relative to src/": {"src__audio__a_dot_cpp": '#include "wav.h"\n'},
            "opens with a comment": {"src__audio__a_dot_h": "#pragma once\n"},
            "#pragma once and no other guard": {"src__audio__a_dot_h": "// A.\n#ifndef A_H\n#define A_H\n#endif\n"},
            "snake_case": {"src__audio__WavFile_dot_cpp": "\n"},
            "say what it does": {"src__audio__a_dot_cpp": "class WavManager {};\n"},
            "say what the file is for": {"src__audio__wav_utils_dot_cpp": "\n"},
            "split what is over": {"src__audio__a_dot_cpp": "int a();\n" * (tidy.LONGEST_FILE + 1)},
            "a tab": {"src__audio__a_dot_cpp": "\tint a;\n"},
            "space at the end": {"src__audio__a_dot_cpp": "int a; \n"},
            "a path of one machine": {"README_dot_md": "see /ro" + "ot/coda\n"},
            "package registry": {"README_dot_md": "from https://py" + "pi.org\n"},
            "no newline": {"README_dot_md": "text"},
            "not listed in fuzz": {"fuzz__wav_dot_cpp": "int LLVMFuzzerTestOneInput();\n"},
            "no such target": {"fuzz__CMakeLists_dot_txt": "coda_fuzz(wav audio)\n"},
            "beside its source": {"src__audio__wav_test_dot_cpp": "\n"},
            "using namespace": {"src__audio__a_dot_h": HEADER + "using namespace std;\n"},
        }
        for complaint, files in cases.items():
            with self.subTest(complaint):
                self.assertIn(complaint, self.complaints(**files))


if __name__ == "__main__":
    unittest.main()
