#include "base/file_map.h"
#include "monitor/alerts.h"
#include "monitor/history.h"
#include "monitor/host.h"
#include "monitor/probe.h"
#include "monitor/sampler.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

namespace coda::monitor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Folder {
  public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "coda-monitor-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }
    void write(const fs::path& file, const std::string& text) const {
        fs::create_directories((path_ / file).parent_path());
        std::ofstream(path_ / file) << text;
    }

  private:
    fs::path path_;
};

constexpr const char* kSelf =
    "12 (a ) b) S 1 12 12 0 -1 4194560 100 0 7 0 250 50 0 0 20 0 9 0 100 200000000 5000 1844674407370955161 "
    "1 1";

// A machine as its files show it; nothing that a test does not write is there.
struct Machine {
    Folder folder;
    Host host;
    Machine()
        : host([this] {
              folder.write("proc/self/cgroup", "0::/coda\n");
              return Host::Options{folder.path(), {}};
          }()) {}
};

TEST(Host, ReadsWhatTheFilesSay) {
    Machine machine;
    machine.folder.write("proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n");
    machine.folder.write("proc/meminfo",
                         "MemTotal:       1000 kB\nMemAvailable:    250 kB\n"
                         "SwapTotal: 100 kB\nSwapFree: 40 kB\n");
    machine.folder.write("proc/self/stat", kSelf);
    machine.folder.write("proc/pressure/cpu", "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\n");
    machine.folder.write("sys/fs/cgroup/coda/memory.current", "1000\n");
    machine.folder.write("sys/fs/cgroup/coda/memory.max", "4000\n");
    machine.folder.write("sys/class/thermal/thermal_zone0/temp", "45000\n");
    machine.folder.write("sys/class/thermal/thermal_zone1/temp", "61500\n");
    const Readings first = machine.host.read();
    EXPECT_EQ(first.count("cpu.load"), 0u) << "a rate needs two looks";
    EXPECT_EQ(first.at("memory.total_bytes"), 1024000);
    EXPECT_EQ(first.at("memory.available_share"), 0.25);
    EXPECT_EQ(first.at("swap.used_bytes"), 60 * 1024);
    EXPECT_EQ(first.at("process.threads"), 9);
    EXPECT_EQ(first.at("process.memory_bytes"), 5000.0 * sysconf(_SC_PAGESIZE));
    EXPECT_EQ(first.at("pressure.cpu"), 0.125);
    EXPECT_EQ(first.at("cgroup.memory_share"), 0.25);
    EXPECT_EQ(first.at("thermal.celsius"), 61.5);

    machine.folder.write("proc/stat", "cpu  160 0 100 820 0 0 0 20 0 0\n");
    const Readings second = machine.host.read();
    EXPECT_DOUBLE_EQ(second.at("cpu.load"), 0.6);
    EXPECT_DOUBLE_EQ(second.at("cpu.stolen"), 0.2);
    EXPECT_EQ(second.at("process.cores"), 0);
}

TEST(Host, WhatIsNotThereIsNoReading) {
    Machine machine;
    EXPECT_TRUE(machine.host.read().empty());
    machine.folder.write("sys/fs/cgroup/coda/memory.max", "max\n");
    machine.folder.write("sys/class/thermal/thermal_zone0/temp", "-274000\n");
    EXPECT_TRUE(machine.host.read().empty());
}

TEST(Host, ReadsThisMachine) {
    Host host({"/", fs::temp_directory_path()});
    host.read();
    const Readings readings = host.read();
    for (const char* name :
         {"memory.total_bytes", "memory.available_bytes", "process.memory_bytes", "disk.free_bytes"})
        EXPECT_GT(readings.at(name), 0) << name;
}

TEST(Host, TextCutAnywhereIsReadOrLeftOut) {
    const std::string stat = "cpu  100 0 100 800 0 0 0 0 0 0\n", self = kSelf,
                      pressure = "some avg10=12.50 avg60=0.00 avg300=0.00 total=1\n",
                      meminfo = "MemTotal:       1000 kB\n";
    for (size_t length = 0; length < stat.size(); ++length)
        parse_cpu_times(std::string_view(stat).substr(0, length));
    for (size_t length = 0; length < self.size(); ++length)
        parse_process(std::string_view(self).substr(0, length));
    for (size_t length = 0; length < 11; ++length)
        EXPECT_FALSE(parse_pressure(std::string_view(pressure).substr(0, length)));
    for (size_t length = 0; length < 16; ++length)
        EXPECT_TRUE(parse_amounts(std::string_view(meminfo).substr(0, length)).empty());
    EXPECT_FALSE(parse_cpu_times("cpu 18446744073709551615 1 1 1\n"));
    EXPECT_TRUE(parse_amounts("MemTotal: 18446744073709551615 kB\n").empty());
    EXPECT_FALSE(parse_number("nan"));
}

// ---- alerts

AlertRule rule(double raise_after = 0, double clear_after = 0) {
    return {"hot", "heat", false, 90, 80, raise_after, clear_after, "hot", "cool it"};
}

TEST(Alerts, OneThatSwingsRoundTheLevelIsRaisedOnce) {
    Alerts alerts({rule()});
    int changes = 0;
    for (int64_t t = 0; t < 600; ++t)
        changes += static_cast<int>(alerts.update(t, {{"heat", t % 2 ? 91.0 : 89.0}}).size());
    EXPECT_EQ(changes, 1);
    EXPECT_EQ(alerts.active().size(), 1u);
}

TEST(Alerts, DelaysHoldBothWays) {
    Alerts alerts({rule(3, 2)});
    const double heat[] = {95, 95, 70, 95, 95, 95, 95, 70, 95, 70, 70, 70};
    std::vector<std::string> seen;
    for (int64_t t = 0; t < 12; ++t)
        for (const Alert& change : alerts.update(t, {{"heat", heat[t]}}))
            seen.push_back(std::to_string(t) + (change.cleared ? " cleared" : " raised"));
    EXPECT_EQ(seen, (std::vector<std::string>{"6 raised", "11 cleared"}));
    ASSERT_EQ(alerts.past().size(), 1u);
    EXPECT_EQ(alerts.past()[0].raised, 6);
    EXPECT_EQ(alerts.past()[0].cleared, 11);
}

TEST(Alerts, AMissingReadingClearsNothingAndBeginsTheDelayAnew) {
    Alerts alerts({rule(2, 0)});
    EXPECT_TRUE(alerts.update(0, {{"heat", 95}}).empty());
    EXPECT_TRUE(alerts.update(1, {}).empty());
    EXPECT_TRUE(alerts.update(2, {{"heat", 95}}).empty());
    EXPECT_TRUE(alerts.update(3, {{"heat", 95}}).empty());
    EXPECT_EQ(alerts.update(4, {{"heat", 95}}).size(), 1u);
    EXPECT_TRUE(alerts.update(5, {}).empty());
    EXPECT_EQ(alerts.active().size(), 1u);
}

TEST(Alerts, AStarMeansEveryGpu) {
    EXPECT_TRUE(means("gpu*.lost", "gpu0.lost"));
    EXPECT_TRUE(means("gpu*.lost", "gpu12.lost"));
    EXPECT_FALSE(means("gpu*.lost", "gpu.lost"));
    EXPECT_FALSE(means("gpu*.lost", "gpu0.memory.lost"));
    Alerts alerts({{"lost", "gpu*.lost", false, 0.5, 0.5, 0, 0, "lost", ""}});
    EXPECT_EQ(alerts.update(0, {{"gpu0.lost", 0}, {"gpu1.lost", 1}}).size(), 1u);
    EXPECT_EQ(alerts.active()[0].reading, "gpu1.lost");
}

// ---- history

TEST(History, GivesWhatWasAddedAndNothingWhereNothingWas) {
    History history;
    history.add(1000, {{"a", 1}, {"b", NAN}});
    history.add(1003, {{"a", 4}});
    const auto series = history.last(5, 5);
    EXPECT_EQ(series.step, 1);
    EXPECT_EQ(series.start, 999);
    ASSERT_EQ(series.values.size(), 1u) << "NaN is no reading";
    const std::vector<float>& a = series.values.at("a");
    ASSERT_EQ(a.size(), 5u);
    EXPECT_EQ(a[1], 1);
    EXPECT_EQ(a[4], 4);
    for (const size_t gap : {0, 2, 3}) EXPECT_TRUE(std::isnan(a[gap]));
}

TEST(History, OldValuesMakeRoomForNewOnes) {
    History history;
    for (int64_t t = 0; t < 2 * History::kSecondsKept; ++t) history.add(t, {{"a", static_cast<double>(t)}});
    const auto hour = history.last(History::kSecondsKept, 60);
    ASSERT_EQ(hour.values.at("a").size(), 60u);
    EXPECT_EQ(hour.step, 60);
    EXPECT_FLOAT_EQ(hour.values.at("a")[0], History::kSecondsKept + 29.5f);
    const auto day = history.last(24 * 3600, 1440);
    EXPECT_FLOAT_EQ(day.values.at("a").back(), 2 * History::kSecondsKept - 60 + 29.5f);
    history.add(100'000'000, {{"a", 1}});  // after a long sleep, nothing old is taken for new
    const auto after = history.last(History::kSecondsKept, 3600).values.at("a");
    EXPECT_EQ(std::count_if(after.begin(), after.end(), [](float v) { return !std::isnan(v); }), 1);
}

TEST(History, IsBounded) {
    History history;
    Readings many;
    for (int i = 0; i < 1000; ++i) many["r" + std::to_string(i)] = i;
    history.add(1, many);
    EXPECT_EQ(history.last(1, 1).values.size(), History::kMostSeries);
}

TEST(History, OutlivesARestart) {
    const Folder folder;
    const fs::path file = folder.path() / "state/history.db";
    const int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    const int64_t start = now - 200;
    {
        History history;
        ASSERT_TRUE(history.open(file));
        for (int64_t t = start; t < start + 150; ++t) history.add(t, {{"a", static_cast<double>(t - start)}});
        History second;
        const Status taken = second.open(file);
        ASSERT_FALSE(taken);
        EXPECT_EQ(taken.error().code, ErrorCode::unavailable) << taken.error().message();
    }
    History history;
    const Status opened = history.open(file);
    ASSERT_TRUE(opened) << opened.error().message();
    const auto series = history.last(150, 150);
    EXPECT_EQ(series.start, start);
    for (size_t i = 0; i < 150; ++i) EXPECT_EQ(series.values.at("a")[i], static_cast<float>(i));
    EXPECT_FALSE(history.last(3600 * 2, 120).values.at("a").empty());
}

TEST(History, WhatIsNoDatabaseIsSaid) {
    const Folder folder;
    folder.write("history.db", std::string(8192, 'x'));
    History history;
    const Status opened = history.open(folder.path() / "history.db");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::bad_format) << opened.error().message();
    history.add(1, {{"a", 1}});
    EXPECT_EQ(history.last(1, 1).values.size(), 1u);
}

TEST(History, RowsThatNobodyWroteAreLeftOut) {
    const Folder folder;
    const fs::path file = folder.path() / "history.db";
    {
        History history;
        ASSERT_TRUE(history.open(file));
    }
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database,
                           "INSERT INTO block VALUES (1, 60, 'old', zeroblob(240));"
                           "INSERT INTO block VALUES (1, 9000000000000000000, 'future', zeroblob(240));"
                           "INSERT INTO block VALUES (1, strftime('%s','now') - 300, 'short', zeroblob(3));"
                           "INSERT INTO block VALUES (1, -60, 'before', zeroblob(240));"
                           "INSERT INTO block VALUES (7, strftime('%s','now') - 300, 'step', zeroblob(240));"
                           "INSERT INTO block VALUES (1, strftime('%s','now') - 300, '', zeroblob(240))",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    History history;
    ASSERT_TRUE(history.open(file));
    EXPECT_TRUE(history.last(3600, 60).values.empty());
}

// ---- probes and the sampler

TEST(Probe, OneThatHangsIsStuckAndComesBack) {
    struct Gate {
        std::mutex mutex;
        std::condition_variable open;
        bool hang = true;
    };
    const auto gate = std::make_shared<Gate>();
    Probe probe("driver", [gate] {
        std::unique_lock lock(gate->mutex);
        gate->open.wait(lock, [&] { return !gate->hang; });
        return Readings{{"a", 1}};
    });
    EXPECT_FALSE(probe.poll(20ms));
    EXPECT_TRUE(probe.stuck());
    EXPECT_FALSE(probe.poll(20ms));
    {
        const std::lock_guard lock(gate->mutex);
        gate->hang = false;
    }
    gate->open.notify_all();
    std::optional<Readings> readings;
    while (!readings) readings = probe.poll(20ms);  // fails by the test's own time limit
    EXPECT_FALSE(probe.stuck());
    EXPECT_EQ(readings->at("a"), 1);
}

TEST(Probe, AHangingOneCanBeLeft) {
    const auto never = std::make_shared<std::promise<void>>();
    {
        Probe probe("driver", [never] {
            never->get_future().wait();
            return Readings{};
        });
        EXPECT_FALSE(probe.poll(10ms));
    }
    never->set_value();
}

TEST(Sampler, KeepsReadingsAndTellsOfWhatHangs) {
    History history;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Sample> samples;
    const auto never = std::make_shared<std::promise<void>>();
    std::vector<std::unique_ptr<Probe>> probes;
    probes.push_back(std::make_unique<Probe>("host", [] { return Readings{{"heat", 95}}; }));
    probes.push_back(std::make_unique<Probe>("driver", [never, calls = 0]() mutable {
        if (calls++ == 0) never->get_future().wait();
        return Readings{};
    }));
    {
        Sampler sampler({10ms, 5ms, {rule()}}, std::move(probes), history, [&](const Sample& sample) {
            const std::lock_guard lock(mutex);
            samples.push_back(sample);
            changed.notify_all();
        });
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return samples.size() >= 3; });
        EXPECT_EQ(samples[0].changes.size(), 1u);
        EXPECT_EQ(samples[2].stuck, std::vector<std::string>{"driver"});
        EXPECT_EQ(samples[2].readings.at("heat"), 95);
        EXPECT_EQ(samples[2].readings.at("monitor.stuck"), 1);
        lock.unlock();
        EXPECT_EQ(sampler.active_alerts().size(), 1u);
        EXPECT_EQ(sampler.latest().readings.at("heat"), 95);
    }
    never->set_value();
    EXPECT_EQ(history.last(1, 1).values.at("heat")[0], 95);
}

}  // namespace
}  // namespace coda::monitor
