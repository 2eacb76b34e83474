// Jinja's filters and tests, and the methods of Python's values, as far as chat templates use them; what is
// unknown is an error that names it. Private to the interpreter. Thread safety: one thread at a time.
#pragma once

#include "base/result.h"
#include "models/llm/jinja/value.h"

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coda::models::llm::jinja {

// What rendering may take. Every node that is evaluated costs a step, and so do 64 bytes that are written.
class Budget {
  public:
    Budget(int64_t steps, size_t bytes) : steps_(steps), max_bytes_(bytes) {}
    // Fails with exhausted.
    Status spend(size_t bytes);
    // For one text or list.
    size_t max_bytes() const { return max_bytes_; }

  private:
    int64_t steps_;
    size_t max_bytes_;
};

struct Arguments {
    std::vector<Value> positional;
    std::vector<std::pair<std::string, Value>> named;

    // The one at this position, or of this name; null where it is not given.
    const Value* at(size_t position, std::string_view name) const;
    // As a number; `otherwise` where it is not given or no number.
    int64_t integer(size_t position, std::string_view name, int64_t otherwise) const;
    bool flag(size_t position, std::string_view name, bool otherwise) const;
};

struct Environment {
    Budget budget;
    std::tm now{};
};

bool is_filter(std::string_view name);
Result<Value> apply_filter(Environment& environment, std::string_view name, const Value& subject,
                           const Arguments& arguments);

bool is_test(std::string_view name);
Result<bool> apply_test(std::string_view name, const Value& subject, const Arguments& arguments);

bool has_method(const Value& self, std::string_view name);
Result<Value> call_method(Environment& environment, const Value& self, std::string_view name,
                          const Arguments& arguments);

bool is_function(std::string_view name);
Result<Value> call_function(Environment& environment, std::string_view name, const Arguments& arguments);

// The items that a loop over `value` walks: of a list its items, of a dictionary its keys, of a text its
// characters, of what is undefined none.
Result<std::vector<Value>> items_of(const Value& value);
// value.name and value[key] as Jinja looks them up; undefined where there is no such thing.
Result<Value> attribute_of(const Value& value, std::string_view name);
Result<Value> item_of(const Value& value, const Value& key);
// `needle in haystack`
Result<bool> contained(const Value& needle, const Value& haystack);

// Text without the characters of `set` at its ends, white space where there is no set.
Text stripped(const Text& text, const Text* set, bool left, bool right);
Text with_case(const Text& text, bool upper);
// The dictionary's pairs, each as a tuple.
std::vector<Value> pairs_of(const Dict& dict);

}  // namespace coda::models::llm::jinja
