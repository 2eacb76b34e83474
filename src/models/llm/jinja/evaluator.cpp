// Runs the syntax tree.
#include "models/llm/jinja/functions.h"
#include "models/llm/jinja/parser.h"
#include "models/llm/jinja/template.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace coda::models::llm::jinja {

// Names that can be seen at one place; looked up here, then around it.
struct Scope {
    std::shared_ptr<Scope> parent;
    std::map<std::string, Value, std::less<>> names;
};

namespace {

constexpr int kMaxValueDepth = 100;  // of lists and dictionaries in each other

enum class Flow { on, leave_loop, next_turn };

class Evaluator {
  public:
    Evaluator(const Template::Variables& variables, const std::tm& now, const RenderLimits& limits)
        : environment_{Budget(limits.steps, limits.bytes), now}, limits_(limits) {
        scope_ = std::make_shared<Scope>();
        for (const auto& [name, value] : variables) scope_->names[name] = value;
    }
    // Macros and namespaces may hold themselves.
    ~Evaluator() {
        for (const auto& scope : captured_) scope->names.clear();
        for (const Value& value : namespaces_) value.space()->values.clear();
        for (const auto& loop : loops_) loop->scope.reset();
    }
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    Result<Text> run(const Node& root) {
        CODA_TRY(const Flow flow, execute(root));
        static_cast<void>(flow);
        return std::move(out_);
    }

  private:
    // ---- bounds

    static tl::unexpected<Error> located(Error error, const Node& node) {
        if (error.where.empty()) error.where = shown(node.place);
        return tl::unexpected(std::move(error));
    }
    static tl::unexpected<Error> wrong(const Node& node, std::string what) {
        return fail(ErrorCode::invalid_argument, std::move(what), shown(node.place));
    }
    struct Depth {
        int& depth;
        explicit Depth(int& count) : depth(count) { ++depth; }
        ~Depth() { --depth; }
        Depth(const Depth&) = delete;
        Depth& operator=(const Depth&) = delete;
    };
    Status enter(const Node& node) {
        if (depth_ > limits_.depth)
            return fail(ErrorCode::exhausted, "the template is nested too deep", shown(node.place));
        return spend(0, node);
    }
    Status spend(size_t bytes, const Node& node) {
        Status spent = environment_.budget.spend(bytes);
        if (!spent) return located(std::move(spent.error()), node);
        return {};
    }
    Status check_size(const Value& value, const Node& node) const {
        if (value.depth() > kMaxValueDepth)
            return fail(ErrorCode::exhausted, "values are nested too deep", shown(node.place));
        if (value.text() && value.text()->size() > limits_.bytes)
            return fail(ErrorCode::exhausted, "a text grows too long", shown(node.place));
        return {};
    }

    Status write(const Text& text, const Node& node) {
        CODA_CHECK(spend(text.size(), node));
        if (out_.size() + text.size() > limits_.bytes)
            return fail(ErrorCode::exhausted, fmt::format("writes more than {} bytes", limits_.bytes),
                        shown(node.place));
        out_.append(text);
        return {};
    }

    // ---- names

    std::shared_ptr<Scope> inner(std::shared_ptr<Scope> parent) {
        auto scope = std::make_shared<Scope>();
        scope->parent = std::move(parent);
        return scope;
    }
    Value look_up(const std::string& name) const {
        for (const Scope* scope = scope_.get(); scope; scope = scope->parent.get()) {
            const auto found = scope->names.find(name);
            if (found != scope->names.end()) return found->second;
        }
        if (!is_function(name)) return Value::undefined(name);
        Callable function;
        function.name = name;
        return Value::of(std::move(function));
    }
    Status bind(const Node& target, Value value) {
        CODA_CHECK(check_size(value, target));
        if (target.kind == NodeKind::name) {
            scope_->names[target.text] = std::move(value);
            return {};
        }
        if (target.kind == NodeKind::attribute) {
            CODA_TRY(const Value object, evaluate(*target.children[0]));
            if (!object.space()) return wrong(target, "only a namespace's attributes can be set");
            object.space()->values[target.text] = std::move(value);
            return {};
        }
        auto items = items_of(value);
        if (!items) return located(std::move(items.error()), target);
        if (items->size() != target.children.size())
            return wrong(target,
                         fmt::format("{} values for {} names", items->size(), target.children.size()));
        for (size_t i = 0; i < items->size(); ++i) CODA_CHECK(bind(*target.children[i], (*items)[i]));
        return {};
    }

    // ---- statements

    Result<Flow> execute(const Node& node) {
        const Depth depth(depth_);
        CODA_CHECK(enter(node));
        switch (node.kind) {
            case NodeKind::sequence:
                for (const auto& child : node.children) {
                    CODA_TRY(const Flow flow, execute(*child));
                    if (flow != Flow::on) return flow;
                }
                return Flow::on;
            case NodeKind::data:
                CODA_CHECK(write(*node.literal.text(), node));
                return Flow::on;
            case NodeKind::output: {
                CODA_TRY(const Value value, evaluate(*node.children[0]));
                CODA_CHECK(write(to_text(value), node));
                return Flow::on;
            }
            case NodeKind::condition:
                return condition(node);
            case NodeKind::loop: {
                CODA_TRY(const Value value, evaluate(*node.children[1]));
                return loop(node, value, 1);
            }
            case NodeKind::break_loop:
                return Flow::leave_loop;
            case NodeKind::continue_loop:
                return Flow::next_turn;
            default:
                CODA_CHECK(simple(node));
                return Flow::on;
        }
    }

    Result<Flow> condition(const Node& node) {
        const size_t tests = node.children.size() / 2;
        for (size_t i = 0; i < tests; ++i) {
            CODA_TRY(const Value test, evaluate(*node.children[2 * i]));
            if (test.truthy()) return execute(*node.children[2 * i + 1]);
        }
        return node.children.size() % 2 == 1 ? execute(*node.children.back()) : Result<Flow>(Flow::on);
    }

    Result<Flow> loop(const Node& node, const Value& over, int level) {
        auto all = items_of(over);
        if (!all) return located(std::move(all.error()), node);
        const std::shared_ptr<Scope> outer = scope_;
        const Node* filter = node.children[3].get();
        auto state = std::make_shared<Loop>();
        state->depth = level;
        state->node = node.flag ? &node : nullptr;
        if (node.flag) {
            state->scope = outer;
            loops_.push_back(state);
        }
        for (Value& item : *all) {
            bool wanted = true;
            if (filter) {
                scope_ = inner(outer);
                Status bound = bind(*node.children[0], item);
                auto holds = bound ? evaluate(*filter) : Result<Value>(tl::unexpected(bound.error()));
                scope_ = outer;
                if (!holds) return tl::unexpected(std::move(holds.error()));
                wanted = holds->truthy();
            }
            if (wanted) state->items.push_back(std::move(item));
        }
        auto flow = Result<Flow>(Flow::on);
        for (; state->index < state->items.size(); ++state->index) {
            scope_ = inner(outer);
            scope_->names["loop"] = Value::of(state);
            Status bound = bind(*node.children[0], state->items[state->index]);
            flow =
                bound ? execute(*node.children[2]) : Result<Flow>(tl::unexpected(std::move(bound.error())));
            scope_ = outer;
            if (!flow) return flow;
            if (*flow == Flow::leave_loop) break;
        }
        if (state->items.empty() && node.children[4]) return execute(*node.children[4]);
        return Flow::on;
    }

    // What the statements in `node` write, as a value.
    Result<Value> captured(const Node& node) {
        Text before = std::exchange(out_, Text());
        const auto flow = execute(node);
        Text written = std::exchange(out_, std::move(before));
        if (!flow) return tl::unexpected(flow.error());
        return Value::text(std::move(written));
    }

    // Filters over what a block has written.
    Result<Value> captured_and_filtered(const Node& body, const Node& filter) {
        const std::shared_ptr<Scope> outer = scope_;
        scope_ = inner(outer);
        auto text = captured(body);
        scope_ = outer;
        if (!text) return text;
        std::swap(block_text_, *text);
        auto result = evaluate(filter);
        std::swap(block_text_, *text);
        return result;
    }

    // Statements without effect on the flow of a loop.
    Status simple(const Node& node) {
        switch (node.kind) {
            case NodeKind::assign: {
                CODA_TRY(Value value, evaluate(*node.children[1]));
                return bind(*node.children[0], std::move(value));
            }
            case NodeKind::assign_block: {
                CODA_TRY(Value value, captured_and_filtered(*node.children[1], *node.children[2]));
                return bind(*node.children[0], std::move(value));
            }
            case NodeKind::filter_block: {
                CODA_TRY(const Value value, captured_and_filtered(*node.children[0], *node.children[1]));
                return write(to_text(value), node);
            }
            case NodeKind::macro:
                scope_->names[node.text] = macro_value(node);
                return {};
            case NodeKind::call_block: {
                const Node& call = *node.children.back();
                CODA_TRY(const Value function, evaluate(*call.children[0]));
                CODA_TRY(Arguments arguments, this->arguments(call));
                arguments.named.emplace_back("caller", macro_value(node));
                CODA_TRY(const Value value, invoke(call, function, arguments));
                return write(to_text(value), node);
            }
            case NodeKind::with:
                return with(node);
            default:
                return wrong(node, "no statement");
        }
    }

    Status with(const Node& node) {
        const std::shared_ptr<Scope> outer = scope_;
        const auto own = inner(outer);
        for (size_t i = 1; i + 1 < node.children.size(); i += 2) {
            CODA_TRY(Value value, evaluate(*node.children[i + 1]));
            scope_ = own;
            const Status bound = bind(*node.children[i], std::move(value));
            scope_ = outer;
            CODA_CHECK(bound);
        }
        scope_ = own;
        const auto flow = execute(*node.children[0]);
        scope_ = outer;
        if (!flow) return tl::unexpected(flow.error());
        return {};
    }

    // ---- calls

    Value macro_value(const Node& node) {
        Callable macro;
        macro.kind = Callable::Kind::macro;
        macro.name = node.text;
        macro.node = &node;
        macro.scope = scope_;
        captured_.push_back(scope_);
        return Value::of(std::move(macro));
    }

    Result<Arguments> arguments(const Node& node) {
        Arguments out;
        for (size_t i = 0; i < node.names.size(); ++i) {
            CODA_TRY(Value value, evaluate(*node.children[i + 1]));
            if (node.names[i].empty())
                out.positional.push_back(std::move(value));
            else
                out.named.emplace_back(node.names[i], std::move(value));
        }
        return out;
    }

    Result<Value> call_macro(const Node& call, const Callable& macro, const Arguments& arguments) {
        const Node& node = *macro.node;
        if (arguments.positional.size() > node.names.size())
            return wrong(call, fmt::format("{} takes at most {} arguments", macro.name, node.names.size()));
        const std::shared_ptr<Scope> outer = std::exchange(scope_, inner(macro.scope));
        const auto run = [&]() -> Result<Value> {
            for (size_t i = 0; i < node.names.size(); ++i) {
                Value value = Value::undefined(node.names[i]);
                if (const Value* given = arguments.at(i, node.names[i])) {
                    value = *given;
                } else if (node.children[i + 1]) {
                    CODA_TRY(value, evaluate(*node.children[i + 1]));
                }
                scope_->names[node.names[i]] = std::move(value);
            }
            if (const Value* caller = arguments.at(SIZE_MAX, "caller")) scope_->names["caller"] = *caller;
            return captured(*node.children[0]);
        };
        auto result = run();
        scope_ = outer;
        return result;
    }

    Result<Value> call_loop(const Node& node, const Callable& callable, const Arguments& arguments) {
        Loop& loop = *callable.loop;
        if (callable.name == "cycle") {
            if (arguments.positional.empty()) return wrong(node, "cycle needs values");
            return arguments.positional[loop.index % arguments.positional.size()];
        }
        const Value now = Value::list(arguments.positional, List::Kind::tuple);
        CODA_CHECK(check_size(now, node));
        const bool changed = !loop.last_changed || !equal(*loop.last_changed, now);
        loop.last_changed = std::make_shared<Value>(now);
        return Value::boolean(changed);
    }

    // loop(items) inside a recursive loop.
    Result<Value> call_recursive(const Node& node, const Value& function, const Arguments& arguments) {
        const std::shared_ptr<Loop> state = function.shared_loop();
        if (!state->node || arguments.positional.size() != 1) return wrong(node, "the loop is not recursive");
        Text before = std::exchange(out_, Text());
        const std::shared_ptr<Scope> outer = std::exchange(scope_, state->scope);
        const auto flow = loop(*state->node, arguments.positional[0], state->depth + 1);
        scope_ = outer;
        Text written = std::exchange(out_, std::move(before));
        if (!flow) return tl::unexpected(flow.error());
        return Value::text(std::move(written));
    }

    Result<Value> invoke(const Node& node, const Value& function, const Arguments& arguments) {
        if (function.loop()) return call_recursive(node, function, arguments);
        const Callable* callable = function.callable();
        if (!callable) {
            const std::string* name = function.undefined_name();
            return wrong(node, name ? fmt::format("'{}' is undefined and cannot be called", *name)
                                    : fmt::format("{} cannot be called", function.type_name()));
        }
        Result<Value> result;
        switch (callable->kind) {
            case Callable::Kind::macro:
                return call_macro(node, *callable, arguments);
            case Callable::Kind::loop_method:
                return call_loop(node, *callable, arguments);
            case Callable::Kind::method:
                result = call_method(environment_, *callable->self, callable->name, arguments);
                break;
            case Callable::Kind::function:
                result = call_function(environment_, callable->name, arguments);
                if (result && result->space()) namespaces_.push_back(*result);
                break;
        }
        if (!result) return located(std::move(result.error()), node);
        CODA_CHECK(check_size(*result, node));
        return result;
    }

    // ---- expressions

    Result<Value> evaluate(const Node& node) {
        const Depth depth(depth_);
        CODA_CHECK(enter(node));
        auto value = evaluate_bare(node);
        if (!value) return located(std::move(value.error()), node);
        CODA_CHECK(check_size(*value, node));
        return value;
    }

    Result<Value> evaluate_bare(const Node& node) {
        switch (node.kind) {
            case NodeKind::literal:
                return node.literal;
            case NodeKind::name:
                return look_up(node.text);
            case NodeKind::block_text:
                return block_text_;
            case NodeKind::list:
            case NodeKind::tuple:
            case NodeKind::dict:
                return collection(node);
            case NodeKind::attribute: {
                CODA_TRY(const Value object, evaluate(*node.children[0]));
                return attribute_of(object, node.text);
            }
            case NodeKind::item: {
                CODA_TRY(const Value object, evaluate(*node.children[0]));
                CODA_TRY(const Value key, evaluate(*node.children[1]));
                if (object.text()) CODA_CHECK(spend(object.text()->size(), node));
                return item_of(object, key);
            }
            case NodeKind::slice:
                return slice(node);
            case NodeKind::call: {
                CODA_TRY(const Value function, evaluate(*node.children[0]));
                CODA_TRY(const Arguments arguments, this->arguments(node));
                return invoke(node, function, arguments);
            }
            case NodeKind::filter: {
                CODA_TRY(const Value value, evaluate(*node.children[0]));
                CODA_TRY(const Arguments arguments, this->arguments(node));
                return apply_filter(environment_, node.text, value, arguments);
            }
            case NodeKind::test: {
                CODA_TRY(const Value value, evaluate(*node.children[0]));
                CODA_TRY(const Arguments arguments, this->arguments(node));
                CODA_TRY(const bool holds, apply_test(node.text, value, arguments));
                return Value::boolean(holds);
            }
            default:
                return operation(node);
        }
    }

    Result<Value> collection(const Node& node) {
        std::vector<Value> values;
        for (const auto& child : node.children) {
            CODA_TRY(Value value, evaluate(*child));
            values.push_back(std::move(value));
        }
        if (node.kind != NodeKind::dict)
            return Value::list(std::move(values),
                               node.kind == NodeKind::tuple ? List::Kind::tuple : List::Kind::list);
        std::vector<std::pair<Value, Value>> items;
        for (size_t i = 0; i + 1 < values.size(); i += 2) {
            const auto known = std::find_if(items.begin(), items.end(),
                                            [&](const auto& item) { return equal(item.first, values[i]); });
            if (known != items.end())
                known->second = values[i + 1];
            else
                items.emplace_back(values[i], values[i + 1]);
        }
        return Value::dict(std::move(items));
    }

    Result<Value> slice(const Node& node) {
        CODA_TRY(const Value object, evaluate(*node.children[0]));
        std::array<std::optional<int64_t>, 3> parts;
        for (size_t i = 0; i < 3; ++i) {
            if (!node.children[i + 1]) continue;
            CODA_TRY(const Value part, evaluate(*node.children[i + 1]));
            if (part.is_none()) continue;
            parts[i] = part.as_integer();
            if (!parts[i]) return wrong(node, "the bounds of a slice must be integers");
        }
        if (!object.text() && !object.list()) {
            if (object.is_undefined()) return attribute_of(object, "");
            return Value::undefined("slice");
        }
        CODA_TRY(const std::vector<Value> items, items_of(object));
        CODA_CHECK(spend(64 * items.size(), node));
        const auto size = static_cast<int64_t>(items.size());
        const int64_t step = std::clamp<int64_t>(parts[2].value_or(1), -size - 1, size + 1);
        if (step == 0) return wrong(node, "the step of a slice is 0");
        const auto clamped = [&](std::optional<int64_t> bound, int64_t otherwise) {
            if (!bound) return otherwise;
            const int64_t at = *bound < 0 ? std::max<int64_t>(*bound, -size - 1) + size : *bound;
            return step > 0 ? std::clamp<int64_t>(at, 0, size) : std::clamp<int64_t>(at, -1, size - 1);
        };
        const int64_t start = clamped(parts[0], step > 0 ? 0 : size - 1);
        const int64_t stop = clamped(parts[1], step > 0 ? size : -1);
        std::vector<Value> chosen;
        for (int64_t i = start; step > 0 ? i < stop : i > stop; i += step)
            chosen.push_back(items[static_cast<size_t>(i)]);
        if (object.list()) return Value::list(std::move(chosen), object.list()->kind);
        Text text;
        for (const Value& character : chosen) text.append(*character.text());
        return Value::text(std::move(text));
    }

    Result<Value> choice(const Node& node) {
        CODA_TRY(const Value test, evaluate(*node.children[1]));
        if (test.truthy()) return evaluate(*node.children[0]);
        return node.children[2] ? evaluate(*node.children[2]) : Result<Value>(Value());
    }

    Result<Value> operation(const Node& node) {
        if (node.kind == NodeKind::choice) return choice(node);
        CODA_TRY(Value left, evaluate(*node.children[0]));
        switch (node.kind) {
            case NodeKind::logical_not:
                return Value::boolean(!left.truthy());
            case NodeKind::logical_and:
                return left.truthy() ? evaluate(*node.children[1]) : Result<Value>(std::move(left));
            case NodeKind::logical_or:
                return left.truthy() ? Result<Value>(std::move(left)) : evaluate(*node.children[1]);
            case NodeKind::negate:
            case NodeKind::plus:
                return signed_number(node, left);
            case NodeKind::compare:
                return comparison(node, std::move(left));
            default: {
                CODA_TRY(const Value right, evaluate(*node.children[1]));
                return binary(node, left, right);
            }
        }
    }

    Result<Value> signed_number(const Node& node, const Value& value) {
        const bool negative = node.kind == NodeKind::negate;
        if (value.is_real()) return Value::real(negative ? -value.as_real() : value.as_real());
        const auto number = value.as_integer();
        if (!number || *number == INT64_MIN)
            return wrong(node, fmt::format("{} has no sign", value.type_name()));
        return Value::integer(negative ? -*number : *number);
    }

    Result<Value> comparison(const Node& node, Value left) {
        for (size_t i = 0; i < node.names.size(); ++i) {
            CODA_TRY(Value right, evaluate(*node.children[i + 1]));
            CODA_CHECK(spend(left.text() ? left.text()->size() : 0, node));
            CODA_TRY(const bool holds, compared(node, node.names[i], left, right));
            if (!holds) return Value::boolean(false);
            left = std::move(right);
        }
        return Value::boolean(true);
    }

    Result<bool> compared(const Node& node, const std::string& sign, const Value& left, const Value& right) {
        if (sign == "==") return equal(left, right);
        if (sign == "!=") return !equal(left, right);
        if (sign == "in" || sign == "not in") {
            CODA_TRY(const bool inside, contained(left, right));
            return inside == (sign == "in");
        }
        const bool swapped = sign == ">" || sign == "<=";
        const auto is_less = swapped ? less(right, left) : less(left, right);
        if (!is_less)
            return wrong(node,
                         fmt::format("{} and {} cannot be compared", left.type_name(), right.type_name()));
        return *is_less == (sign == "<" || sign == ">");
    }

    Result<Value> binary(const Node& node, const Value& left, const Value& right) {
        const std::string& sign = node.text;
        if (sign == "~") {
            Text text = to_text(left);
            text.append(to_text(right));
            CODA_CHECK(spend(text.size(), node));
            return Value::text(std::move(text));
        }
        if (sign == "+" && left.text() && right.text()) {
            CODA_CHECK(spend(left.text()->size() + right.text()->size(), node));
            Text text = *left.text();
            text.append(*right.text());
            return Value::text(std::move(text));
        }
        if (sign == "+" && left.list() && right.list()) {
            CODA_CHECK(spend(64 * (left.list()->items.size() + right.list()->items.size()), node));
            std::vector<Value> items = left.list()->items;
            items.insert(items.end(), right.list()->items.begin(), right.list()->items.end());
            return Value::list(std::move(items), left.list()->kind);
        }
        if (sign == "*" && (left.text() || right.text()) && (left.as_integer() || right.as_integer()))
            return repeated(node, left.text() ? *left.text() : *right.text(),
                            left.text() ? *right.as_integer() : *left.as_integer());
        for (const Value* side : {&left, &right})
            if (const std::string* name = side->undefined_name())
                return wrong(node, fmt::format("'{}' is undefined", *name));
        if (!left.is_number() || !right.is_number())
            return wrong(node, fmt::format("\"{}\" does not go with {} and {}", sign, left.type_name(),
                                           right.type_name()));
        return arithmetic(node, left, right);
    }

    Result<Value> repeated(const Node& node, const Text& text, int64_t count) {
        const auto times = static_cast<size_t>(std::max<int64_t>(0, count));
        if (text.size() > 0 && times > limits_.bytes / text.size())
            return fail(ErrorCode::exhausted, "a text grows too long", shown(node.place));
        CODA_CHECK(spend(text.size() * times, node));
        Text out;
        for (size_t i = 0; i < (text.size() > 0 ? times : 0); ++i) out.append(text);
        return Value::text(std::move(out));
    }

    Result<Value> arithmetic(const Node& node, const Value& left, const Value& right) {
        const std::string& sign = node.text;
        const auto a = left.as_integer(), b = right.as_integer();
        const double x = left.as_real(), y = right.as_real();
        if ((sign == "/" || sign == "//" || sign == "%") && y == 0) return wrong(node, "division by zero");
        if (sign == "/") return Value::real(x / y);
        if (sign == "**" && !(a && b && *b >= 0)) return Value::real(std::pow(x, y));
        if (!a || !b) {
            if (sign == "+") return Value::real(x + y);
            if (sign == "-") return Value::real(x - y);
            if (sign == "*") return Value::real(x * y);
            if (sign == "//") return Value::real(std::floor(x / y));
            return Value::real(x - y * std::floor(x / y));
        }
        int64_t out = 0;
        bool overflow = false;
        if (sign == "+") {
            overflow = __builtin_add_overflow(*a, *b, &out);
        } else if (sign == "-") {
            overflow = __builtin_sub_overflow(*a, *b, &out);
        } else if (sign == "*") {
            overflow = __builtin_mul_overflow(*a, *b, &out);
        } else if (sign == "**") {
            out = 1;
            overflow = *b > 1'000;
            for (int64_t i = 0; i < *b && !overflow; ++i) overflow = __builtin_mul_overflow(out, *a, &out);
        } else if (*b == -1) {
            overflow = sign == "//" && __builtin_sub_overflow(int64_t{0}, *a, &out);
        } else {
            // Python rounds down.
            const int64_t quotient = *a / *b - ((*a % *b != 0 && (*a < 0) != (*b < 0)) ? 1 : 0);
            out = sign == "//" ? quotient : *a - quotient * *b;
        }
        if (overflow) return wrong(node, "the number is too large");
        return Value::integer(out);
    }

    Environment environment_;
    const RenderLimits& limits_;
    std::shared_ptr<Scope> scope_;
    Text out_;
    Value block_text_;
    int depth_ = 0;
    std::vector<std::shared_ptr<Scope>> captured_;
    std::vector<Value> namespaces_;
    std::vector<std::shared_ptr<Loop>> loops_;
};

}  // namespace

Template::Template(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
Template::~Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;

Result<Template> Template::parse(std::string_view source) {
    CODA_TRY(std::unique_ptr<Node> root, jinja::parse(source));
    return Template(std::move(root));
}

Result<Text> Template::render(const Variables& variables, const std::tm& now,
                              const RenderLimits& limits) const {
    return Evaluator(variables, now, limits).run(*root_);
}

}  // namespace coda::models::llm::jinja
