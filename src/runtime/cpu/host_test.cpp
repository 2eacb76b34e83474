// What a container or a processor with hyper-threads says, from folders that say it.
#include "runtime/cpu/host.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace coda::runtime::cpu {
namespace {

class Host : public testing::Test {
  protected:
    void SetUp() override {
        root_ = std::filesystem::temp_directory_path() / ("coda-host-" + std::to_string(getpid()));
        std::filesystem::remove_all(root_);
        files_ = {root_ / "cgroup", root_ / "membership", root_ / "cpu"};
        write("membership", "0::/machine/pod/box\n");
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void write(const std::string& name, const std::string& text) {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
    }
    void core(int processor, int package, int id) {
        const std::string topology = "cpu/cpu" + std::to_string(processor) + "/topology/";
        write(topology + "physical_package_id", std::to_string(package) + "\n");
        write(topology + "core_id", std::to_string(id) + "\n");
    }

    std::filesystem::path root_;
    HostFiles files_;
};

TEST_F(Host, TheTightestQuotaUpToTheRootCounts) {
    EXPECT_TRUE(std::isinf(cgroup_quota(files_)));
    write("cgroup/machine/pod/box/cpu.max", "max 100000\n");
    EXPECT_TRUE(std::isinf(cgroup_quota(files_)));
    write("cgroup/machine/pod/cpu.max", "150000 100000\n");
    EXPECT_DOUBLE_EQ(cgroup_quota(files_), 1.5);
    write("cgroup/machine/pod/box/cpu.max", "50000 50000\n");
    EXPECT_DOUBLE_EQ(cgroup_quota(files_), 1);
    write("cgroup/cpu.max", "25000 100000\n");  // in a container its own group is the root that it sees
    EXPECT_DOUBLE_EQ(cgroup_quota(files_), 0.25);
}

TEST_F(Host, ThePoolIsSizedFromTheQuota) {
    const int all = usable_cores(files_);
    EXPECT_GE(all, 1);
    write("membership", "12:cpu:/old\n0::/\n");
    write("cgroup/cpu.max", "100000 100000\n");
    EXPECT_EQ(usable_cores(files_), 1);
    write("cgroup/cpu.max", "10000 100000\n");
    EXPECT_EQ(usable_cores(files_), 1);
    write("cgroup/cpu.max", "110000 100000\n");  // a thread may have the part that is left
    EXPECT_EQ(usable_cores(files_), std::min(all, 2));
    write("cgroup/cpu.max", "900000000 100000\n");
    EXPECT_EQ(usable_cores(files_), all);
}

TEST_F(Host, WhatIsNoQuotaIsNone) {
    for (const char* text : {"", "\n", "nonsense", "100000", "100000 0", "max", "max max"}) {
        write("cgroup/cpu.max", text);
        EXPECT_TRUE(std::isinf(cgroup_quota(files_))) << text;
    }
    write("membership", "");
    EXPECT_TRUE(std::isinf(cgroup_quota(files_)));
}

TEST_F(Host, HyperThreadsAreOneCore) {
    const std::vector<int> four = {0, 1, 2, 3};
    EXPECT_EQ(physical_cores(four, files_), 4);  // nothing says otherwise
    core(0, 0, 0);
    core(1, 0, 0);
    core(2, 0, 1);
    core(3, 1, 1);  // the same number in another package
    EXPECT_EQ(physical_cores(four, files_), 3);
    EXPECT_EQ(physical_cores(std::vector<int>{0, 1}, files_), 1);
    // A processor with fast cores of two threads and slow ones of one: every core counts once.
    core(3, 0, 8);
    core(4, 0, 9);
    EXPECT_EQ(physical_cores(std::vector<int>{0, 1, 2, 3, 4}, files_), 4);
}

}  // namespace
}  // namespace coda::runtime::cpu
