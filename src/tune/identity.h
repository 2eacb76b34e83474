// What a plan is for, told apart: this machine, this build, these files. Thread safety: free functions.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coda::tune {

// The processor's name, the cores that this process may use, and the best instruction set there is.
std::string cpu_identity();

// The build id that the linker wrote into this program, in hex; "unknown" where it wrote none.
std::string build_identity();

// A hash of the names, sizes and of some bytes of the files (of a folder, of the files directly in it); reads
// little of large files. What is not there counts as such.
std::string files_identity(const std::vector<std::filesystem::path>& paths);

}  // namespace coda::tune
