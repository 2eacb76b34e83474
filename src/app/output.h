// What a command says: data to stdout (text for people, or JSON with --json), everything else to stderr.
// A reader that went away (head, a closed pipe) ends the command quietly; a full disk behind stdout is an
// error. Thread safety: every member may be called from any thread.
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <mutex>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace coda::app {

// The exit statuses of every command.
constexpr int kOk = 0, kFailed = 1, kUsage = 2;

class Output {
  public:
    // `cancel` is set when stdout cannot be written to any more.
    explicit Output(Cancel cancel) : cancel_(std::move(cancel)) {}

    void use_json(bool json) { json_ = json; }
    bool json() const { return json_; }

    // Text as it is, and with a newline; nothing with --json.
    void text(std::string_view text);
    void line(std::string_view text);
    // One object on a line of its own; nothing without --json.
    void object(const nlohmann::json& object);

    // A remark for the person, on stderr: "coda: ...".
    void note(std::string_view text);
    // Something is being done; only where stderr is a terminal. Empty text wipes the line.
    void progress(std::string_view text);

    // Reports a failure: one line on stderr, and {"error": ...} with --json. Returns kFailed, or kUsage where
    // the caller asked for something that makes no sense.
    int fail(const Error& error);

    // The status to exit with when the command itself ended with `status`.
    int finish(int status);

  private:
    void write(std::string_view text);
    void end_progress();

    Cancel cancel_;
    std::mutex mutex_;
    bool json_ = false;
    bool progress_shown_ = false;
    int write_error_ = 0;  // errno of the first failed write to stdout
};

// As it appears in JSON output.
nlohmann::json to_json(const Error& error);
// For people, on one line: "a b" stays, control characters and newlines become spaces.
std::string one_line(std::string_view text);

}  // namespace coda::app
