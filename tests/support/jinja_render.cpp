// Renders chat templates as tests ask for it. Each line of stdin is one JSON object {"template": "...",
// "variables":
// {...}}; each line of stdout is {"text": "..."} or {"error": "..."}. The time is 2026-01-02 03:04:05.
#include "models/llm/jinja/template.h"

#include <iostream>

#include <nlohmann/json.hpp>

namespace {

namespace jinja = coda::models::llm::jinja;
using Json = nlohmann::ordered_json;

Json rendered(const Json& request) {
    const auto parsed = jinja::Template::parse(request.at("template").get<std::string>());
    if (!parsed) return {{"error", parsed.error().message()}};
    jinja::Template::Variables variables;
    for (const auto& [name, value] : request.at("variables").items())
        variables.emplace_back(name, jinja::Value::from_json(value, jinja::Origin::input));
    std::tm now{};
    now.tm_year = 126;
    now.tm_mday = 2;
    now.tm_hour = 3;
    now.tm_min = 4;
    now.tm_sec = 5;
    now.tm_wday = 5;
    now.tm_yday = 1;
    const auto text = parsed->render(variables, now);
    if (!text) return {{"error", text.error().message()}};
    return {{"text", text->bytes}};
}

}  // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);)
        std::cout << rendered(Json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n"
                  << std::flush;
    return 0;
}
