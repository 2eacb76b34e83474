#include "tools/lists.h"

#include "tools/kept_tool.h"
#include "tools/phrases.h"
#include "tools/schema.h"
#include "tools/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

namespace coda::tools {
namespace {

using nlohmann::json;

constexpr size_t kSpoken = 20;  // items of one list; nobody listens to more
constexpr size_t kMostAtOnce = 50;
constexpr const char* kShopping = "shopping";
constexpr const char* kToDo = "to-do";

tl::unexpected<Error> no_store() {
    return fail(ErrorCode::unavailable, "there is nowhere to keep lists in this session");
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    const size_t n = std::min(parts.size(), kSpoken);
    for (size_t i = 0; i < n; ++i) {
        const bool last = i + 1 == n && n == parts.size();
        out += (i == 0 ? "" : last ? " and " : ", ") + parts[i];
    }
    if (n < parts.size()) out += fmt::format(", and {} more", parts.size() - n);
    return out;
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view kAround = " \t\r\n.,;!";
    const size_t begin = text.find_first_not_of(kAround);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(kAround) - begin + 1));
}

bool takes_off(std::string& text, std::string_view lead) {
    if (text.size() <= lead.size()) return false;
    for (size_t i = 0; i < lead.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(text[i])) != lead[i]) return false;
    text.erase(0, lead.size());
    return true;
}

// "some milk" is milk, "a loaf of bread" stays.
std::string bare_item(std::string_view said) {
    std::string item = trimmed(said);
    for (std::string_view lead : {"and ", "also ", "then ", "please ", "some ", "the ", "my ", "more "})
        takes_off(item, lead);
    const bool one_word = std::count(item.begin(), item.end(), ' ') == 1;
    if (one_word && !takes_off(item, "a ")) takes_off(item, "an ");
    return item;
}

// Things that "and" holds together.
bool is_pair(std::string_view before, std::string_view after) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kPairs = {
        {{"salt", "pepper"},
         {"mac", "cheese"},
         {"macaroni", "cheese"},
         {"fish", "chips"},
         {"oil", "vinegar"},
         {"peanut butter", "jelly"},
         {"peanut butter", "jam"},
         {"bread", "butter"},
         {"half", "half"},
         {"gin", "tonic"},
         {"ham", "eggs"},
         {"pork", "beans"}}};
    return std::any_of(kPairs.begin(), kPairs.end(), [&](const auto& pair) {
        return before.ends_with(pair.first) && after.starts_with(pair.second);
    });
}

// One and the same thing: "Eggs" and "egg", whatever article.
bool same_item(const std::string& a, const std::string& b) {
    const std::vector<std::string> first = phrase_words(bare_item(a)), second = phrase_words(bare_item(b));
    if (first.size() != second.size()) return false;
    for (size_t i = 0; i < first.size(); ++i) {
        const bool same = first[i] == second[i] || first[i] + "s" == second[i] ||
                          second[i] + "s" == first[i] || first[i] + "es" == second[i] ||
                          second[i] + "es" == first[i];
        if (!same) return false;
    }
    return true;
}
// The item that `said` means: the same, or the only one that has its words in it.
std::optional<std::string> find_item(const std::vector<std::string>& items, const std::string& said) {
    for (const std::string& item : items)
        if (same_item(item, said)) return item;
    const std::vector<std::string> words = phrase_words(bare_item(said));
    std::optional<std::string> found;
    for (const std::string& item : items) {
        const std::vector<std::string> own = phrase_words(item);
        const bool all =
            !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
                return std::find(own.begin(), own.end(), word) != own.end();
            });
        if (!all) continue;
        if (found) return std::nullopt;
        found = item;
    }
    return found;
}

std::string things(size_t n) {
    return n == 1 ? "1 thing" : fmt::format("{} things", n);
}

Result<ToolResult> add_items(const json& arguments, const ToolContext& context) {
    if (!context.lists) return no_store();
    const std::string list = list_named(text_of(arguments, "list"));
    std::vector<std::string> wanted = split_items(text_of(arguments, "items"));
    if (wanted.empty())
        return ToolResult{fmt::format("Okay. Say, for example: add milk and eggs to my {} list.", list),
                          {{"list", list}, {"added", json::array()}}};
    CODA_TRY(std::vector<std::string> there, context.lists->items(list));
    std::vector<std::string> added, known;
    for (std::string& item : wanted) {
        const bool has = std::any_of(there.begin(), there.end(),
                                     [&](const std::string& own) { return same_item(own, item); });
        if (has) {
            known.push_back(std::move(item));
            continue;
        }
        CODA_CHECK(context.lists->add(list, item));
        there.push_back(item);
        added.push_back(std::move(item));
    }
    std::string say;
    if (!added.empty()) say = fmt::format("I put {} on your {} list.", joined(added), list);
    if (!known.empty())
        say += fmt::format("{}{} {} on {} already.", say.empty() ? "" : " ", capitalized(joined(known)),
                           known.size() == 1 ? "was" : "were",
                           say.empty() ? fmt::format("your {} list", list) : "it");
    return ToolResult{say, {{"list", list}, {"added", added}, {"already", known}}};
}

Result<ToolResult> read_list(const json& arguments, const ToolContext& context) {
    if (!context.lists) return no_store();
    const std::string list = list_named(text_of(arguments, "list"));
    CODA_TRY(const std::vector<std::string> items, context.lists->items(list));
    const json data = {{"list", list}, {"items", items}};
    if (const std::string item = text_of(arguments, "item"); !item.empty()) {
        const auto found = find_item(items, item);
        return ToolResult{found ? fmt::format("Yes, {} is on your {} list.", *found, list)
                                : fmt::format("No, {} is not on your {} list.", bare_item(item), list),
                          data};
    }
    if (items.empty()) return ToolResult{fmt::format("Your {} list is empty.", list), data};
    if (items.size() == 1)
        return ToolResult{fmt::format("There's one thing on your {} list: {}.", list, items.front()), data};
    return ToolResult{
        fmt::format("There are {} on your {} list: {}.", things(items.size()), list, joined(items)), data};
}

Result<ToolResult> remove_items(const json& arguments, const ToolContext& context) {
    if (!context.lists) return no_store();
    const std::string list = list_named(text_of(arguments, "list"));
    CODA_TRY(std::vector<std::string> items, context.lists->items(list));
    std::vector<std::string> gone, missing;
    for (const std::string& said : split_items(text_of(arguments, "items"))) {
        const auto found = find_item(items, said);
        if (!found) {
            missing.push_back(said);
            continue;
        }
        CODA_CHECK(context.lists->remove(list, *found));
        std::erase(items, *found);
        gone.push_back(*found);
    }
    std::string say;
    if (!gone.empty()) say = fmt::format("I took {} off your {} list.", joined(gone), list);
    if (!missing.empty())
        say += fmt::format("{}There's no {} on {}.", say.empty() ? "" : " ", joined(missing),
                           say.empty() ? fmt::format("your {} list", list) : "it");
    if (say.empty()) say = "Take off what?";
    return ToolResult{say, {{"list", list}, {"removed", gone}, {"missing", missing}}};
}

Result<ToolResult> clear_list(const json& arguments, const ToolContext& context) {
    if (!context.lists) return no_store();
    const std::string list = list_named(text_of(arguments, "list"));
    CODA_TRY(const std::vector<std::string> items, context.lists->items(list));
    for (const std::string& item : items) CODA_CHECK(context.lists->remove(list, item));
    return ToolResult{items.empty() ? fmt::format("Your {} list is empty already.", list)
                                    : fmt::format("Okay, your {} list is empty now.", list),
                      {{"list", list}, {"removed", items}}};
}

Result<ToolResult> list_lists(const json&, const ToolContext& context) {
    if (!context.lists) return no_store();
    CODA_TRY(const std::vector<std::string> names, context.lists->lists());
    if (names.empty()) return ToolResult{"All your lists are empty.", {{"lists", names}}};
    std::vector<std::string> parts;
    for (const std::string& name : names) {
        CODA_TRY(const std::vector<std::string> items, context.lists->items(name));
        parts.push_back(fmt::format("the {} list with {}", name, things(items.size())));
    }
    return ToolResult{fmt::format("You have {}.", joined(parts)), {{"lists", names}}};
}

}  // namespace

std::string list_named(const std::string& said) {
    std::vector<std::string> words = phrase_words(said);
    std::erase_if(words, [](const std::string& word) {
        return word == "list" || word == "lists" || word == "the" || word == "my" || word == "our" ||
               word == "a" || word == "new" || word == "current" || word == "whole" || word == "entire";
    });
    std::string name;
    for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
    static constexpr std::array<std::string_view, 6> kShoppingNames = {
        "", "grocery", "groceries", "grocery shopping", "food", "shop"};
    static constexpr std::array<std::string_view, 8> kToDoNames = {
        "to do", "todo", "to-do", "task", "tasks", "chores", "chore", "things to do"};
    if (std::find(kShoppingNames.begin(), kShoppingNames.end(), name) != kShoppingNames.end())
        return kShopping;
    if (std::find(kToDoNames.begin(), kToDoNames.end(), name) != kToDoNames.end()) return kToDo;
    return name.substr(0, 60);
}

std::vector<std::string> split_items(const std::string& said) {
    std::vector<std::string> out;
    const auto put = [&](std::string_view part) {
        std::string item = bare_item(part);
        if (!item.empty() && out.size() < kMostAtOnce) out.push_back(std::move(item));
    };
    for (size_t start = 0; start <= said.size();) {
        const size_t comma = std::min(said.find_first_of(",;\n", start), said.size());
        std::string_view rest = std::string_view(said).substr(start, comma - start);
        size_t from = 0;
        for (;;) {
            const size_t both = rest.find(" and ", from);
            if (both == std::string_view::npos) break;
            const std::string_view before = rest.substr(0, both), after = rest.substr(both + 5);
            if (is_pair(before, after)) {
                from = both + 5;
                continue;
            }
            put(before);
            rest = after;
            from = 0;
        }
        put(rest);
        start = comma + 1;
    }
    return out;
}

void add_lists(Registry& registry) {
    const json list = text_argument("shopping, to-do, or another name");
    const json items = text_argument("one or more, with commas between: milk, eggs and bread");
    add_kept(registry, "add_to_list", "Puts things on a list; begins it where there is none.",
             {{"list", list}, {"items", items}}, {"items"}, Safety::write, {"list"}, add_items,
             "keep shopping, to-do and other lists");
    add_kept(registry, "read_list", "What is on a list, or whether something is on it.",
             {{"list", list}, {"item", text_argument("only whether this is on it")}}, json::array(),
             Safety::read, {}, read_list);
    add_kept(registry, "remove_from_list", "Takes things off a list.", {{"list", list}, {"items", items}},
             {"items"}, Safety::write, {}, remove_items);
    add_kept(registry, "clear_list", "Empties a list.", {{"list", list}}, {"list"}, Safety::write, {},
             clear_list);
    add_kept(registry, "list_lists", "The lists there are.", json::object(), json::array(), Safety::read, {},
             list_lists);
}

std::optional<Call> list_call(const Recognition& command) {
    if (!command.name.starts_with("list.")) return std::nullopt;
    json arguments = json::object();
    const auto put = [&](const char* name, const char* slot, bool as_said) {
        if (command.slots.contains(slot))
            arguments[name] = as_said ? command.slot(slot) : command.slot_words(slot);
    };
    put("list", "list", false);
    if (const auto fixed = command.fixed.find("list");
        fixed != command.fixed.end() && !arguments.contains("list"))
        arguments["list"] = fixed->second;
    if (command.name == "list.all") return Call{"list_lists", json::object()};
    if (command.name == "list.clear") {
        if (!arguments.contains("list")) arguments["list"] = kShopping;
        return Call{"clear_list", std::move(arguments)};
    }
    if (command.name == "list.read") {
        put("item", "item", true);
        return Call{"read_list", std::move(arguments)};
    }
    put("items", "items", true);
    if (!arguments.contains("items")) arguments["items"] = "";
    return Call{command.name == "list.remove" ? "remove_from_list" : "add_to_list", std::move(arguments)};
}

}  // namespace coda::tools
