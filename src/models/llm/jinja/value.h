// The values that a chat template computes with: Python's, as far as templates use them. A text knows for
// each of its bytes whether it was written in the template or came from outside (a message, a tool's
// description), so that a marker somebody typed is never taken for one that the template wrote. Thread
// safety: one thread at a time; values share their contents, which do not change once they are in a value,
// but for Namespace.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace coda::models::llm::jinja {

enum class Origin : char {
    source = 0,  // written in the template
    input = 1,   // from a message or another variable
    newest = 2,  // from the last message
};

struct Text {
    std::string bytes;
    std::string origins;  // an Origin per byte

    Text() = default;
    Text(std::string_view text, Origin origin)
        : bytes(text), origins(text.size(), static_cast<char>(origin)) {}
    size_t size() const { return bytes.size(); }
    void append(const Text& other) {
        bytes += other.bytes;
        origins += other.origins;
    }
    void append(std::string_view text, Origin origin) {
        bytes += text;
        origins.append(text.size(), static_cast<char>(origin));
    }
    Text part(size_t from, size_t count) const {
        Text out;
        out.bytes = bytes.substr(from, count);
        out.origins = origins.substr(from, count);
        return out;
    }
};

class Value;
struct Node;
struct Scope;
struct Loop;

struct List {
    std::vector<Value> items;
    enum class Kind { list, tuple, generator };
    Kind kind = Kind::list;
    int depth = 1;  // of the lists and dictionaries in it
};

struct Dict {
    std::vector<std::pair<Value, Value>> items;  // in the order in which they were put in
    int depth = 1;
    const Value* find(std::string_view key) const;
    const Value* find(const Value& key) const;
};

struct Namespace {
    std::map<std::string, Value> values;
};

// What can be called: a function of the environment, a method bound to its value, a macro, a call block's
// body.
struct Callable {
    enum class Kind { function, method, macro, loop_method };
    Kind kind = Kind::function;
    std::string name;
    std::shared_ptr<Value> self;   // of a method
    const Node* node = nullptr;    // of a macro; lives as long as the template
    std::shared_ptr<Scope> scope;  // where the macro was defined
    std::shared_ptr<Loop> loop;
};

// What `loop` is inside a for statement.
struct Loop {
    std::vector<Value> items;
    size_t index = 0;
    int depth = 1;
    std::shared_ptr<Value> last_changed;
    const Node* node = nullptr;  // a recursive loop's
    std::shared_ptr<Scope> scope;
};

class Value {
  public:
    struct Undefined {
        std::string name;
    };
    struct None {};
    using Data =
        std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const Text>,
                     std::shared_ptr<const List>, std::shared_ptr<const Dict>, std::shared_ptr<Namespace>,
                     std::shared_ptr<const Callable>, std::shared_ptr<Loop>>;

    Value() : data_(Undefined{}) {}
    static Value undefined(std::string name) { return Value(Data(Undefined{std::move(name)})); }
    static Value none() { return Value(Data(None{})); }
    static Value boolean(bool value) { return Value(Data(value)); }
    static Value integer(int64_t value) { return Value(Data(value)); }
    static Value real(double value) { return Value(Data(value)); }
    static Value text(Text text) { return Value(Data(std::make_shared<const Text>(std::move(text)))); }
    static Value text(std::string_view bytes, Origin origin = Origin::source) {
        return text(Text(bytes, origin));
    }
    static Value list(std::vector<Value> items, List::Kind kind = List::Kind::list);
    static Value dict(std::vector<std::pair<Value, Value>> items);
    static Value of(std::shared_ptr<Namespace> space) { return Value(Data(std::move(space))); }
    static Value of(Callable callable) {
        return Value(Data(std::make_shared<const Callable>(std::move(callable))));
    }
    static Value of(std::shared_ptr<Loop> loop) { return Value(Data(std::move(loop))); }
    // The texts in it get `origin`; what is nested too deep for a template becomes None.
    static Value from_json(const nlohmann::ordered_json& json, Origin origin, int depth = 0);

    bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
    bool is_none() const { return std::holds_alternative<None>(data_); }
    bool is_boolean() const { return std::holds_alternative<bool>(data_); }
    bool is_integer() const { return std::holds_alternative<int64_t>(data_); }
    bool is_real() const { return std::holds_alternative<double>(data_); }
    bool is_number() const { return is_integer() || is_real() || is_boolean(); }
    const std::string* undefined_name() const {
        const auto* undefined = std::get_if<Undefined>(&data_);
        return undefined ? &undefined->name : nullptr;
    }
    // Null where it is something else.
    const Text* text() const { return pointer<const Text>(); }
    const List* list() const { return pointer<const List>(); }
    const Dict* dict() const { return pointer<const Dict>(); }
    Namespace* space() const { return pointer<Namespace>(); }
    const Callable* callable() const { return pointer<const Callable>(); }
    Loop* loop() const { return pointer<Loop>(); }
    std::shared_ptr<Loop> shared_loop() const { return std::get<std::shared_ptr<Loop>>(data_); }

    // Numbers as Python mixes them; a boolean is 0 or 1.
    std::optional<int64_t> as_integer() const;  // of integers and booleans
    double as_real() const;                     // of numbers

    bool truthy() const;
    int depth() const;  // 0 for what holds nothing
    const char* type_name() const;

  private:
    explicit Value(Data data) : data_(std::move(data)) {}
    template <class T>
    T* pointer() const {
        const auto* held = std::get_if<std::shared_ptr<T>>(&data_);
        return held ? held->get() : nullptr;
    }
    Data data_;
};

// Python's == and <. less() gives nothing for what cannot be compared.
bool equal(const Value& a, const Value& b);
std::optional<bool> less(const Value& a, const Value& b);

// As str() and repr() write it; texts in it keep their origin.
Text to_text(const Value& value);
Text to_repr(const Value& value);
// A float as Python's repr: "1.0", "1e+16".
std::string real_text(double value);

struct JsonStyle {
    std::optional<int> indent;
    std::string item_separator = ", ", key_separator = ": ";
    bool ensure_ascii = false, sort_keys = false;
};
// As json.dumps writes it. Fails with invalid_argument for what JSON has no form for.
Result<Text> to_json(const Value& value, const JsonStyle& style);

// Number of code points; the byte at which code point `index` starts (size() when it lies behind).
int64_t count_characters(const Text& text);
size_t byte_of_character(const Text& text, int64_t index);

}  // namespace coda::models::llm::jinja
