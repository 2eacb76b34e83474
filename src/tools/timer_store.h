// Where timers, alarms and reminders are kept, and what is due of them is found. Several processes may share
// one: `coda ask` sets a timer, `coda talk` says that it is done. Thread safety: as the implementation says.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace coda::tools {

enum class TimerKind { timer, alarm, reminder };
const char* to_string(TimerKind kind);

struct Timer {
    int64_t id = 0;  // given by the store
    TimerKind kind = TimerKind::timer;
    // "pasta"; of a reminder, what to say: "to call Ann", "about the oven", "that it is late".
    std::string name;
    std::chrono::sys_seconds due{};  // UTC
    std::chrono::seconds length{0};  // as a timer was set; extended with it
    uint8_t every = 0;               // days of the week on which it comes back (moments.h); 0: once
    std::optional<std::chrono::seconds> paused;    // what was left when it was stopped for a while
    std::optional<std::chrono::sys_seconds> rung;  // when it was last said to be due
};

class TimerStore {
  public:
    static constexpr size_t kMost = 200;  // that may wait at once; add() fails with exhausted

    virtual ~TimerStore() = default;
    virtual Result<Timer> add(const Timer& timer) = 0;
    // What has yet to come, the soonest first: all but those that rang and do not come back.
    virtual Result<std::vector<Timer>> waiting() = 0;
    // What rang last and does not come back, if it has not been removed.
    virtual Result<std::optional<Timer>> last_rung() = 0;
    virtual Status update(const Timer& timer) = 0;
    virtual Status remove(int64_t id) = 0;
    // Marks it as said at `now` and, if it comes back, moves it on to `next`. False when somebody else has
    // said it, or it was changed in the meantime.
    virtual Result<bool> claim(const Timer& timer, std::chrono::sys_seconds now,
                               std::optional<std::chrono::sys_seconds> next) = 0;
    // True while some process, this one included, is there to say what comes due.
    virtual bool attended() = 0;
};

}  // namespace coda::tools
