// The data files of this room, embedded at build time (CMakeLists.txt).
#pragma once

#include <string_view>

namespace coda::tools {

std::string_view intents_text();   // intents.txt
std::string_view requests_text();  // requests.txt
std::string_view claims_text();    // claims.txt
std::string_view jokes_text();     // jokes.txt

std::string_view countries_text();  // data/countries.tsv
std::string_view cities_text();     // data/cities.tsv
std::string_view elements_text();   // data/elements.tsv

}  // namespace coda::tools
