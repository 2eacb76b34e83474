// Shopping, to-do and other lists: the tools that fill, read and empty them, and how a recognised command
// becomes a call of one. They are kept in ToolContext::lists. Thread safety: pure functions over the context.
#pragma once

#include "tools/builtin.h"
#include "tools/list_store.h"
#include "tools/registry.h"

#include <optional>
#include <string>
#include <vector>

namespace coda::tools {

// add_to_list, read_list, remove_from_list, clear_list, list_lists.
void add_lists(Registry& registry);
// The call for an intent "list.*".
std::optional<Call> list_call(const Recognition& command);

// "some milk, eggs and bread" -> "milk", "eggs", "bread"; "salt and pepper" stays one thing.
std::vector<std::string> split_items(const std::string& said);
// "grocery" and "shopping" are one list, "todo" and "task" another; empty: the shopping list.
std::string list_named(const std::string& said);

}  // namespace coda::tools
