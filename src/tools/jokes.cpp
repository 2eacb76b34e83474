#include "tools/jokes.h"

#include "tools/pattern_text.h"
#include "tools/schema.h"

#include <algorithm>
#include <memory>
#include <random>

namespace coda::tools {
namespace {

// The jokes in the order in which they are told; shuffled anew when all were.
struct Deck {
    std::vector<std::string> jokes;
    size_t next = 0;
};

Result<ToolResult> tell(Deck& deck, const ToolContext& context) {
    if (deck.jokes.empty()) deck.jokes = all_jokes();
    if (deck.next % deck.jokes.size() == 0) {
        const std::string last = deck.next > 0 ? deck.jokes.back() : "";
        std::mt19937 random(static_cast<uint32_t>(context.now.time_since_epoch().count()) +
                            static_cast<uint32_t>(deck.next));
        std::shuffle(deck.jokes.begin(), deck.jokes.end(), random);
        if (deck.jokes.front() == last) std::swap(deck.jokes.front(), deck.jokes.back());
    }
    const std::string& joke = deck.jokes[deck.next++ % deck.jokes.size()];
    return ToolResult{joke, {{"joke", joke}}};
}

}  // namespace

std::vector<std::string> all_jokes() {
    std::vector<std::string> out;
    const std::string_view text = jokes_text();
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string line(text.substr(at, end - at));
        at = end + 1;
        if (line.empty() || line.front() == '#') continue;
        if (const size_t pause = line.find(" | "); pause != std::string::npos) line.replace(pause, 3, " ");
        out.push_back(std::move(line));
    }
    return out;
}

void add_jokes(Registry& registry) {
    Tool tool{"tell_joke",
              "Tells a short joke.",
              object_schema(nlohmann::json::object(), nlohmann::json::array()),
              Safety::read,
              std::chrono::milliseconds(1000),
              {},
              [deck = std::make_shared<Deck>()](const nlohmann::json&, const ToolContext& context) {
                  return tell(*deck, context);
              },
              "tell jokes"};
    CODA_ASSERT(registry.add(std::move(tool)));
}

}  // namespace coda::tools
