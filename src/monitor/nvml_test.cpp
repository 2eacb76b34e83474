#include "monitor/nvml.h"

#include "monitor/alerts.h"
#include "monitor/probe.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace coda::monitor {
namespace {

namespace fs = std::filesystem;

class NvmlTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "coda-nvml-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        setenv("CODA_FAKE_NVML", (folder_ / "scenario").c_str(), 1);
    }
    void TearDown() override { fs::remove_all(folder_); }

    void scenario(const std::string& text) { std::ofstream(folder_ / "scenario") << text; }
    void write(const fs::path& file, const std::string& text) {
        fs::create_directories((folder_ / file).parent_path());
        std::ofstream(folder_ / file) << text;
    }
    std::unique_ptr<Nvml> open(const char* library = CODA_FAKE_NVML_LIBRARY) {
        auto nvml = Nvml::open(library, folder_);
        EXPECT_TRUE(nvml) << nvml.error().message();
        return nvml ? std::move(*nvml) : nullptr;
    }

    fs::path folder_;
};

constexpr const char* kWell =
    "count 2\n"
    "0 utilization 37\n0 memory_total 80000000000\n0 memory_used 20000000000\n0 temperature 61\n0 threshold "
    "95\n"
    "0 power 250500\n0 clock 1755\n0 memory_clock 2619\n0 throttle 4\n0 ecc 0\n0 mig 0\n0 pci 1\n0 processes "
    "3\n"
    "1 temperature 40\n";

TEST_F(NvmlTest, ReadsInBaseUnitsAndLeavesOutWhatIsNotTold) {
    scenario(kWell);
    const Readings readings = open()->read();
    const Readings wanted = {{"gpu0.asleep", 0},
                             {"gpu0.utilization", 0.37},
                             {"gpu0.memory_utilization", 0},
                             {"gpu0.memory_used_bytes", 2e10},
                             {"gpu0.memory_total_bytes", 8e10},
                             {"gpu0.memory_free_share", 0.75},
                             {"gpu0.temperature_celsius", 61},
                             {"gpu0.temperature_margin_celsius", 34},
                             {"gpu0.power_watts", 250.5},
                             {"gpu0.clock_hertz", 1.755e9},
                             {"gpu0.memory_clock_hertz", 2.619e9},
                             {"gpu0.throttled_by_heat", 0},
                             {"gpu0.throttled_by_power", 1},
                             {"gpu0.ecc_uncorrected", 0},
                             {"gpu0.mig", 0},
                             {"gpu0.processes", 3},
                             {"gpu0.lost", 0},
                             {"gpu1.asleep", 0},
                             {"gpu1.temperature_celsius", 40},
                             {"gpu1.lost", 0}};
    EXPECT_EQ(readings, wanted);
    const auto processes = open()->processes(0);
    ASSERT_TRUE(processes && processes->size() == 3u);
    EXPECT_EQ(processes->front().memory_bytes, 3'000'000u);
}

TEST_F(NvmlTest, AHotGpuRaisesAlertsAndOneThatIsLostTellsNothing) {
    Alerts alerts(standard_rules(1500));
    const auto nvml = open();
    scenario("0 temperature 94\n0 threshold 95\n0 throttle 64\n");
    std::vector<std::string> raised;
    for (int64_t t = 0; t < 20; ++t)
        for (const Alert& alert : alerts.update(t, nvml->read())) raised.push_back(alert.id);
    EXPECT_EQ(raised, (std::vector<std::string>{"gpu.hot", "gpu.slowed_by_heat"}));
    scenario("0 code 15\n0 temperature 40\n");
    const Readings lost = nvml->read();
    EXPECT_EQ(lost, (Readings{{"gpu0.asleep", 0}, {"gpu0.lost", 1}}));
    const auto changes = alerts.update(20, lost);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].id, "gpu.lost");
}

TEST_F(NvmlTest, MigAndNothingElse) {
    scenario("0 mig 1\n0 utilization 0\n");
    const Readings readings = open()->read();
    EXPECT_EQ(readings.at("gpu0.mig"), 1);
    EXPECT_EQ(readings.at("gpu0.utilization"), 0);
    EXPECT_EQ(readings.count("gpu0.temperature_celsius"), 0u);
}

TEST_F(NvmlTest, AGpuThatSleepsIsNotAsked) {
    scenario(kWell);
    write("sys/bus/pci/devices/0000:10:00.0/vendor", "0x10de\n");
    write("sys/bus/pci/devices/0000:10:00.0/class", "0x030200\n");
    write("sys/bus/pci/devices/0000:10:00.0/power/runtime_status", "suspended\n");
    EXPECT_TRUE(all_gpus_asleep(folder_));
    const Readings readings = open()->read();
    EXPECT_EQ(readings.at("gpu0.asleep"), 1);
    EXPECT_EQ(readings.count("gpu0.temperature_celsius"), 0u);
    EXPECT_EQ(readings.at("gpu1.temperature_celsius"), 40);
    write("sys/bus/pci/devices/0000:10:00.0/power/runtime_status", "active\n");
    EXPECT_FALSE(all_gpus_asleep(folder_));
    EXPECT_FALSE(all_gpus_asleep(folder_ / "elsewhere"));
}

TEST_F(NvmlTest, ACallThatHangsMakesTheProbeStuck) {
    scenario("0 temperature 50\n0 hang_ms 300\n");
    Probe probe("gpu", [nvml = std::shared_ptr<Nvml>(open())] { return nvml->read(); });
    EXPECT_FALSE(probe.poll(std::chrono::milliseconds(20)));
    EXPECT_TRUE(probe.stuck());
    scenario("0 temperature 50\n");
    std::optional<Readings> readings;
    while (!readings) readings = probe.poll(std::chrono::milliseconds(50));
    EXPECT_EQ(readings->at("gpu0.temperature_celsius"), 50);
}

TEST_F(NvmlTest, ALibraryOfAnotherAgeGivesWhatItCan) {
    scenario(kWell);
    EXPECT_EQ(open(CODA_FAKE_NVML_OLD)->read(),
              (Readings{{"gpu0.asleep", 0}, {"gpu0.lost", 0}, {"gpu1.asleep", 0}, {"gpu1.lost", 0}}));
}

TEST_F(NvmlTest, WhatCannotBeOpenedIsSaid) {
    const auto missing = Nvml::open("/nowhere/libnvidia-ml.so");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    const auto other = Nvml::open("libm.so.6");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::unsupported);
    scenario("init 9\n");
    const auto refused = Nvml::open(CODA_FAKE_NVML_LIBRARY);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace coda::monitor
