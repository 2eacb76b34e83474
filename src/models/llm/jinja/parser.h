// A chat template's syntax tree. Thread safety: parse() is a pure function; a tree does not change afterwards
// and may be shared.
#pragma once

#include "base/result.h"
#include "models/llm/jinja/lexer.h"
#include "models/llm/jinja/value.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coda::models::llm::jinja {

// What the children are stands behind each kind; [x] may be null, x... are any number.
enum class NodeKind {
    // Statements
    sequence,       // statement...
    data,           // text
    output,         // expression
    condition,      // (expression, sequence)..., [sequence]
    loop,           // target, iterable, sequence, [filter], [sequence if nothing came]; flag: recursive
    assign,         // target, expression
    assign_block,   // target, sequence, [filter over the literal text]
    macro,          // text(names...): sequence, [default of each name]
    call_block,     // call, sequence, [default of each name]; names: what the caller gives
    filter_block,   // sequence, filter
    with,           // sequence, (target, expression)...
    break_loop,     //
    continue_loop,  //
    // Expressions
    literal,      // literal
    name,         // text
    block_text,   // what a filter of assign_block or filter_block is applied to
    list,         // expression...
    tuple,        // expression...
    dict,         // (key, value)...
    attribute,    // object; text
    item,         // object, key
    slice,        // object, [start], [stop], [step]
    call,         // function, argument...; names: of keyword arguments, else empty
    filter,       // value, argument...; text, names
    test,         // value, argument...; text, names
    negate,       // number
    plus,         // number
    logical_not,  // expression
    logical_and,  // two
    logical_or,   // two
    binary,       // two; text: the operator
    compare,      // first, then operands; names: the operators between
    choice,       // value, condition, [otherwise]
};

struct Node {
    NodeKind kind = NodeKind::sequence;
    Place place;
    std::string text;
    std::vector<std::string> names;
    Value literal;
    std::vector<std::unique_ptr<Node>> children;
    bool flag = false;
    int height = 1;
};

// Fails with bad_format or unsupported (a statement of template inheritance), naming line and column; with
// exhausted where statements or brackets are nested too deep.
Result<std::unique_ptr<Node>> parse(std::string_view source);

}  // namespace coda::models::llm::jinja
