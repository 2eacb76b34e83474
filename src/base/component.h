// The six parts whose health Coda vouches for: configuration, llm, memory, voice, tools, personality.
// A check does the component's real work once; a flag that was set at start does not count.
#pragma once

#include <string>
#include <vector>

namespace coda {

enum class Health { ok, warning, failed, skipped };

inline const char* to_string(Health health) {
    switch (health) {
        case Health::ok:
            return "ok";
        case Health::warning:
            return "warning";
        case Health::failed:
            return "failed";
        case Health::skipped:
            return "skipped";
    }
    return "failed";
}

struct CheckResult {
    std::string id;  // stable, dotted: "llm.generate"
    Health health = Health::ok;
    std::string message;  // what was seen: "generated 1 token in 9 ms"
    std::string mend;     // what to do when it is not ok
    double milliseconds = 0;
};

class Component {
  public:
    virtual ~Component() = default;
    virtual std::string name() const = 0;
    // Really exercises the component; may take seconds; never throws.
    virtual std::vector<CheckResult> check() = 0;
};

}  // namespace coda
