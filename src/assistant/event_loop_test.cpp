#include "assistant/event_loop.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coda::assistant {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, OnTheVirtualClockReportsArriveWhenTheirCostsSay) {
    VirtualClock clock;
    EventLoop loop(clock);
    Stage first(loop, 1), second(loop, 2);
    std::vector<std::string> log;
    const auto note = [&](const std::string& what) {
        log.push_back(what + "@" + std::to_string(clock.now().count() / 1000));
    };
    const Cancel cancel;
    second.submit(cancel, [&](const Stage::Report& report) {
        report(30, [&] { note("b1"); });
        report(30, [&] { note("b2"); });
    });
    first.submit(cancel, [&](const Stage::Report& report) { report(60, [&] { note("a1"); }); });
    first.submit(cancel, [&](const Stage::Report& report) { report(5, [&] { note("a2"); }); });
    while (clock.now() < 100ms) loop.run_next(100ms);
    EXPECT_EQ(log, (std::vector<std::string>{"b1@30", "a1@60", "b2@60", "a2@65"}));
    loop.close();
}

TEST(EventLoop, ACancelledJobReportsNothingAndFreesItsStage) {
    VirtualClock clock;
    EventLoop loop(clock);
    Stage stage(loop, 1);
    std::vector<int64_t> log;
    const Cancel cancelled;
    stage.submit(cancelled, [&](const Stage::Report& report) { report(500, [&] { log.push_back(-1); }); });
    while (clock.now() < 100ms) loop.run_next(100ms);
    cancelled.cancel();
    stage.submit(Cancel(), [&](const Stage::Report& report) {
        report(10, [&] { log.push_back(clock.now().count() / 1000); });
    });
    while (clock.now() < 1s) loop.run_next(1s);
    EXPECT_EQ(log, std::vector<int64_t>{110});
    loop.close();
}

TEST(EventLoop, OnTheRealClockReportsArriveFromTheStagesThread) {
    RealClock clock;
    EventLoop loop(clock);
    Stage stage(loop, 1);
    int reports = 0;
    std::thread::id worker;
    stage.submit(Cancel(), [&](const Stage::Report& report) {
        const auto id = std::this_thread::get_id();
        for (int i = 0; i < 1000; ++i)
            report(1e9, [&, id] {
                ++reports;
                worker = id;
            });
    });
    const Microseconds end = clock.now() + 10s;
    while (reports < 1000 && clock.now() < end) loop.run_next(clock.now() + 10ms);
    EXPECT_EQ(reports, 1000);
    EXPECT_NE(worker, std::this_thread::get_id());
    loop.close();
}

TEST(EventLoop, ClosingLetsABlockedStageGo) {
    RealClock clock;
    EventLoop loop(clock);
    Stage stage(loop, 1);
    stage.submit(Cancel(), [&](const Stage::Report& report) {
        for (size_t i = 0; i < 2 * EventLoop::kCapacity; ++i) report(0, [] {});
    });
    loop.close();
}

}  // namespace
}  // namespace coda::assistant
