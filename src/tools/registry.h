// The tools that can be called, by intents and by a model's function calls: each with a JSON schema
// for its arguments, a safety level and a time-out. What a tool returns is data, never an instruction. Thread
// safety: add before use; call from one thread at a time (the tools share their context's stores).
#pragma once

#include "base/cancel.h"
#include "base/result.h"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace coda::tools {

class FactStore;
class ListStore;
class Registry;
class SpeechControl;
class TimerStore;

enum class Safety {
    read,     // changes nothing
    write,    // changes Coda's own data
    confirm,  // acts on the world: the person is asked first
};
const char* to_string(Safety safety);

// What a call may look at. The times are given, so that tests and replayed turns have their own.
struct ToolContext {
    std::chrono::sys_seconds now;
    int32_t utc_offset = 0;  // seconds east of UTC, of the person's clock
    // The same at another time, where the clock changes; may be empty.
    std::function<int32_t(std::chrono::sys_seconds utc)> offset_of;
    FactStore* facts = nullptr;  // borrowed, like all stores here; null where there is none
    TimerStore* timers = nullptr;
    ListStore* lists = nullptr;
    SpeechControl* speech = nullptr;
    const Registry* registry = nullptr;  // that makes the call; set by call()
    Cancel cancel;
    std::chrono::steady_clock::time_point
        deadline;  // set by call(); a tool that waits looks at it and at cancel
};
// Now, on this machine's clock and time zone; or at `now` in its time zone.
ToolContext context_now(FactStore* facts);
ToolContext context_at(std::chrono::sys_seconds now);

struct ToolResult {
    std::string say;      // worded for speech
    nlohmann::json data;  // the same for a program
};

struct Tool {
    std::string name, description;
    nlohmann::json arguments;  // JSON schema: object, properties with type, enum, maxLength, and required
    Safety safety = Safety::read;
    std::chrono::milliseconds timeout{1000};
    std::vector<std::string> topics;  // of requests.txt that are no longer declined once this tool is there
    std::function<Result<ToolResult>(const nlohmann::json& arguments, const ToolContext& context)> run;
    // What the person is told of it among what Coda can do: "set timers"; empty: another tool says it.
    std::string ability = {};
    // Of a confirm tool: what the person is asked ("Shall I run the backup?"); empty: nothing to ask, the
    // call is made and says why.
    std::function<std::string(const nlohmann::json& arguments)> question = {};
};

class Registry {
  public:
    // Fails with invalid_argument for a name that is taken or a schema that is no object's.
    Status add(Tool tool);
    const Tool* find(const std::string& name) const;
    const std::vector<Tool>& tools() const { return tools_; }
    bool covers(std::string_view topic) const;

    // Checks the arguments against the schema, runs the tool. Fails with not_found, invalid_argument (naming
    // the argument), cancelled, timeout (a result that came too late is thrown away), or as the tool fails.
    Result<ToolResult> call(const std::string& name, const nlohmann::json& arguments,
                            ToolContext context) const;

  private:
    std::vector<Tool> tools_;
};

// Whether `value` follows the part of JSON Schema that Tool::arguments uses.
Status check_schema(const nlohmann::json& value, const nlohmann::json& schema, const std::string& where);

}  // namespace coda::tools
