// What needs no GPU: every way in which the plug-in can be missing or wrong ends in a reason, and on the CPU.
#include "runtime/cuda/plugin.h"

#include "runtime/device.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace coda::runtime::cuda {
namespace {

namespace fs = std::filesystem;

// Stands in for the driver's library where the plug-in is what is wrong: any that is always there.
constexpr const char* kSomeLibrary = "libc.so.6";

fs::path test_plugin(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / "cuda" / (std::string(name) + ".so");
}

Error error_of(const fs::path& file, const char* driver = kSomeLibrary) {
    const auto opened = Plugin::open(file, driver);
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
}

TEST(CudaPlugin, WithoutADriverItIsNotEvenLookedFor) {
    const Error error = error_of("nowhere.so", "libno_such_driver.so.1");
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_NE(error.what.find("no NVIDIA driver"), std::string::npos) << error.message();
    EXPECT_FALSE(error.mend.empty());
}

TEST(CudaPlugin, AbsentSaysWhereItWasLookedFor) {
    const Error error = error_of("there/is/none.so");
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_NE(error.what.find("there/is/none.so"), std::string::npos) << error.message();
}

TEST(CudaPlugin, AFileThatIsNoSharedObjectIsRefused) {
    const fs::path file = fs::path(testing::TempDir()) / "broken_plugin.so";
    std::ofstream(file) << "this is no ELF file";
    const Error error = error_of(file);
    EXPECT_EQ(error.code, ErrorCode::bad_format);
    EXPECT_NE(error.what.find("does not load"), std::string::npos) << error.message();
    fs::remove(file);
}

TEST(CudaPlugin, AnotherLibraryIsRefused) {
    const Error error = error_of(test_plugin("no_plugin"));
    EXPECT_EQ(error.code, ErrorCode::bad_format);
    EXPECT_NE(error.what.find("no CUDA plug-in"), std::string::npos) << error.message();
}

TEST(CudaPlugin, AnotherVersionIsRefused) {
    const Error error = error_of(test_plugin("other_version_plugin"));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_NE(error.what.find("another version"), std::string::npos) << error.message();
}

TEST(CudaPlugin, AnotherBuildIsRefused) {
    const Error error = error_of(test_plugin("other_build_plugin"));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_NE(error.what.find("another-build"), std::string::npos) << error.message();
    EXPECT_NE(error.what.find(build_id()), std::string::npos) << error.message();
}

// The plug-in that was built beside this test, where nvcc was there to build it.
TEST(CudaPlugin, TheRealOneIsOfThisBuild) {
    const fs::path file = test_plugin("libcoda_cuda");
    if (!fs::exists(file)) GTEST_SKIP() << "skipped: no nvcc, so no plug-in was built";
    const auto opened = Plugin::open(file, kSomeLibrary);
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_STREQ((*opened)->api().build_id, build_id());
}

TEST(CudaPlugin, WithoutADeviceTheRealOneSaysSo) {
    const fs::path file = test_plugin("libcoda_cuda");
    if (!fs::exists(file)) GTEST_SKIP() << "skipped: no nvcc, so no plug-in was built";
    if (create_cuda_backend({.plugin = file})) GTEST_SKIP() << "skipped: there is a GPU here";
    const auto backend = create_cuda_backend({.plugin = file, .driver = kSomeLibrary});
    ASSERT_FALSE(backend);
    EXPECT_EQ(backend.error().code, ErrorCode::unavailable);
    EXPECT_NE(backend.error().what.find("driver"), std::string::npos) << backend.error().message();
}

TEST(GpuPolicy, AutoFallsBackToTheCpuWithTheReason) {
    const auto chosen = choose_device({}, {.threads = 1}, {.driver = "libno_such_driver.so.1"});
    ASSERT_TRUE(chosen) << chosen.error().message();
    EXPECT_EQ(chosen->status->info().kind, "cpu");
    EXPECT_NE(chosen->status->info().reason.find("no NVIDIA driver"), std::string::npos);
    EXPECT_EQ(chosen->backend->description(), chosen->status->info().name);
}

TEST(GpuPolicy, AutoSurvivesAWrongPlugin) {
    for (const char* wrong : {"no_plugin", "other_version_plugin", "other_build_plugin"}) {
        const auto chosen =
            choose_device({.plugin = test_plugin(wrong).string()}, {.threads = 1}, {.driver = kSomeLibrary});
        ASSERT_TRUE(chosen) << chosen.error().message();
        EXPECT_EQ(chosen->status->info().kind, "cpu");
        EXPECT_FALSE(chosen->status->info().reason.empty());
    }
}

TEST(GpuPolicy, RequireRefusesToStart) {
    const auto chosen =
        choose_device({.policy = "require"}, {.threads = 1}, {.driver = "libno_such_driver.so.1"});
    ASSERT_FALSE(chosen);
    EXPECT_NE(chosen.error().what.find("gpu.policy is require"), std::string::npos);
    EXPECT_NE(chosen.error().what.find("no NVIDIA driver"), std::string::npos);
    EXPECT_FALSE(chosen.error().mend.empty());
}

TEST(GpuPolicy, OffDoesNotLook) {
    const auto chosen =
        choose_device({.policy = "off", .plugin = "nowhere.so"}, {.threads = 1}, {.driver = kSomeLibrary});
    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->status->info().reason, "gpu.policy is off");
}

}  // namespace
}  // namespace coda::runtime::cuda
