// What was measured, kept: a value a second for an hour and a minute's mean for a week, per reading. On disk
// the same in blocks of 60 values (SQLite), so that it outlives a restart. Bounded: kMostSeries readings, 4
// bytes a value. Thread safety: every member may be called from any thread.
#pragma once

#include "base/result.h"
#include "monitor/readings.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace coda::monitor {

class History {
  public:
    static constexpr size_t kMostSeries = 256;  // further readings are dropped
    static constexpr int64_t kSecondsKept = 3600;
    static constexpr int64_t kMinutesKept = 7 * 24 * 60;
    static constexpr int64_t kBlock = 60;

    History();
    ~History();
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // Keeps it in this file from now on, and takes over what the file holds. Fails with io, or bad_format for
    // what is no database; history then lives in memory alone.
    Status open(const std::filesystem::path& file);

    // `time` in Unix seconds, never going back (what is older than the newest is dropped).
    void add(int64_t time, const Readings& readings);
    // Writes what is not on disk yet. Done by add() once a minute; for the end.
    Status save();

    // The means of what was measured in the seconds from `first` to `last`, both included; at most an hour
    // ago.
    Readings between(int64_t first, int64_t last) const;

    struct Series {
        int64_t start = 0, step = 1;  // Unix seconds of the first value; seconds between two
        std::map<std::string, std::vector<float>> values;  // NaN where there is none; all equally long
    };
    // The last `seconds` up to the newest value, in at most `points` values, each the mean of a stretch; from
    // the seconds where they reach back so far, else from the minutes.
    Series last(int64_t seconds, size_t points) const;

  private:
    class Ring;
    struct Track;
    struct Database;

    Track* track(const std::string& name);
    Status load();

    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Track>> tracks_;
    int64_t newest_ = 0, saved_ = 0;
    std::unique_ptr<Database> database_;
};

}  // namespace coda::monitor
