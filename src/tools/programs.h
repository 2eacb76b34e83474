// Programs that Coda may run: only those of an allow-list, which is a TOML file of the person's, and each
// only after the person said yes (Safety::confirm). A program is started as it stands there, never through a
// shell and with nothing of what was said; it has a time-out, and what it prints is bounded. Thread safety:
// pure functions over the list.
#pragma once

#include "base/result.h"
#include "tools/builtin.h"
#include "tools/registry.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coda::tools {

struct Program {
    std::string name;               // "the backup", as Coda says it
    std::vector<std::string> argv;  // argv[0] is an absolute path
    std::vector<std::string> say;   // what else the person may call it
    std::chrono::seconds timeout{10};
    bool stays = false;  // it is started and left alone: nothing is waited for or read
};
using Programs = std::vector<Program>;

// The file's text:
//     [[program]]
//     name = "the backup"
//     argv = ["/usr/local/bin/backup", "--home"]
//     say = ["backup", "a backup"]      # left out: the name alone
//     timeout_s = 60                    # 1 to 600, left out: 10
//     stays = false
// Fails with bad_format or invalid_argument, naming `where` and the line.
Result<Programs> parse_programs(std::string_view text, const std::string& where);
// No file is an empty list. Fails as parse_programs, or with io.
Result<Programs> read_programs(const std::filesystem::path& path);

// All its names in normalised words.
std::vector<std::vector<std::string>> spoken_names(const Program& program);

// run_program, where `programs` holds any.
void add_programs(Registry& registry, const std::shared_ptr<const Programs>& programs);
// The call for "program.run".
std::optional<Call> program_call(const Recognition& command);

}  // namespace coda::tools
