#include "tune/identity.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::tune {
namespace {

namespace fs = std::filesystem;

TEST(Identity, OfThisMachineAndBuildIsStable) {
    EXPECT_EQ(cpu_identity(), cpu_identity());
    EXPECT_NE(cpu_identity().find("baseline"), std::string::npos);
    EXPECT_EQ(build_identity(), build_identity());
    EXPECT_FALSE(build_identity().empty());
}

TEST(Identity, ChangesWithAFilesBytesAndSize) {
    const fs::path folder = fs::temp_directory_path() / ("coda_identity_" + std::to_string(::getpid()));
    fs::create_directories(folder);
    const fs::path file = folder / "model.bin";
    const auto write = [&](const std::string& text) { std::ofstream(file, std::ios::binary) << text; };
    write(std::string(100000, 'a'));
    const std::string first = files_identity({file});
    EXPECT_EQ(files_identity({file}), first);
    EXPECT_EQ(files_identity({folder}).size(), first.size());
    write(std::string(100001, 'a'));
    EXPECT_NE(files_identity({file}), first);
    write("b" + std::string(99999, 'a'));
    EXPECT_NE(files_identity({file}), first);
    fs::remove_all(folder);
    EXPECT_NE(files_identity({file}), first);
}

}  // namespace
}  // namespace coda::tune
