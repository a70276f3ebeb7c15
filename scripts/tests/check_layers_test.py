"""check_layers.py finds what it says it finds: one small tree of sources per rule."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from check_layers import Checker  # noqa: E402

CMAKE = """
pentimento_layer(base LINKS Threads::Threads)
pentimento_layer(nn USES base LINKS openvino::runtime)
pentimento_layer(runtime USES nn)
pentimento_layer(pipelines USES runtime base)
pentimento_layer(server USES pipelines)
"""


class Layers(unittest.TestCase):
    def problems(self, files: dict) -> list:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder)
            (source / "CMakeLists.txt").write_text(CMAKE)
            for name, text in files.items():
                (source / name).parent.mkdir(exist_ok=True)
                (source / name).write_text(text)
            return Checker(source.resolve()).check()

    def assert_problem(self, files: dict, text: str) -> None:
        problems = self.problems(files)
        self.assertTrue(any(text in p for p in problems), problems)

    def test_accepts_arrows_that_go_up(self):
        self.assertEqual(self.problems({
            "base/error.h": "// What it is.\n#pragma once\n#include <string>\n",
            "nn/layers.h": '#pragma once\n#include "base/error.h"\n#include "openvino/op/add.hpp"\n',
            "runtime/runtime.h": '#pragma once\n#include "base/error.h"\n',
            "runtime/runtime.cpp": '#include "runtime/runtime.h"\n#include "nn/layers.h"\n',
            "pipelines/job.h": '#pragma once\n#include "runtime/runtime.h"\n#include "base/error.h"\n',
        }), [])

    def test_finds_an_arrow_that_goes_down(self):
        self.assert_problem({"base/a.h": '#pragma once\n#include "nn/b.h"\n', "nn/b.h": "#pragma once\n"},
                            "base/ includes nn/b.h, but knows only base")

    def test_finds_a_library_where_it_does_not_belong(self):
        self.assert_problem({"base/a.cpp": "#include <openvino/core/model.hpp>\n"},
                            "base/ includes <openvino/core/model.hpp>, which belongs to models, nn, runtime")
        self.assert_problem({"pipelines/a.cpp": '#include "nlohmann/json.hpp"\n'}, "belongs to server")
        self.assert_problem({"base/a.cpp": "#include <gtest/gtest.h>\n"}, "belongs to tests only")

    def test_finds_a_library_that_arrives_through_a_header(self):
        self.assert_problem({
            "nn/layers.h": "#pragma once\n#include <openvino/op/add.hpp>\n",
            "runtime/runtime.h": '#pragma once\n#include "nn/layers.h"\n',
            "pipelines/a.cpp": '#include "runtime/runtime.h"\n',
        }, "sees openvino/op/add.hpp through runtime/runtime.h -> nn/layers.h")

    def test_finds_includes_that_lead_nowhere(self):
        self.assert_problem({"base/a.cpp": '#include "base/gone.h"\n'}, "which does not exist")
        self.assert_problem({"base/a.cpp": '#include "neighbour.h"\n'}, "is not a path from src/")

    def test_finds_a_folder_that_is_no_layer(self):
        self.assert_problem({"extra/a.cpp": "\n"}, "'extra' is not a layer")

    def test_finds_files_out_of_form(self):
        self.assert_problem({"base/a.h": "#include <string>\n"}, "begins with #pragma once")
        self.assert_problem({"base/a.h": "#pragma once\n", "base/a.cpp": '#include <string>\n#include "base/a.h"\n'},
                            "includes base/a.h first")
        self.assert_problem({"base/a.cpp": "\n" * 601}, "has 601 lines")


if __name__ == "__main__":
    unittest.main()
